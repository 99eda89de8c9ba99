// SPDX-License-Identifier: Apache-2.0
// Draws charts from the numbers in #data; colours come from the style sheet at every drawing.
"use strict";
const report = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const faded = (name) => color(name) + "40";
  const charts = [];

  // Vertical lines with numbers, one per event.
  const marks = (events) => (chart) => {
    const { ctx, bbox } = chart;
    const ratio = devicePixelRatio || 1;
    ctx.save();
    ctx.font = `600 ${10 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    let edge = -Infinity;
    for (const event of events) {
      const x = Math.round(chart.valToPos(event.at, "x", true));
      if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
      ctx.strokeStyle = color("--mark");
      ctx.lineWidth = ratio;
      ctx.setLineDash([3 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const half = (event.number > 9 ? 9 : 7.5) * ratio;
      if (x - half < edge) continue;
      edge = x + half;
      ctx.setLineDash([]);
      ctx.fillStyle = color("--mark");
      ctx.beginPath();
      ctx.roundRect(x - half, bbox.top - 16 * ratio, 2 * half, 14 * ratio, 7 * ratio);
      ctx.fill();
      ctx.fillStyle = color("--paper");
      ctx.fillText(event.number, x, bbox.top - 8.5 * ratio);
    }
    ctx.restore();
  };

  const legend = (box, lines) =>
    lines.map((line) => {
      const item = document.createElement("span");
      item.style.setProperty("--swatch", `var(${line.color})`);
      item.append(line.label, document.createElement("b"));
      box.append(item);
      return item.lastChild;
    });

  // One chart. A line has `low` and, for a band, `high`.
  const draw = (host, spec) => {
    const box = document.createElement("div");
    box.className = "chart";
    const heading = document.createElement("h3");
    heading.textContent = spec.title;
    const names = document.createElement("div");
    names.className = "legend";
    box.append(heading, names);
    host.append(box);
    const values = legend(names, spec.lines);
    const series = [{}];
    const columns = [spec.x];
    const bands = [];
    const where = [];
    for (const line of spec.lines) {
      const stroke = () => color(line.color);
      const base = { stroke, width: line.high ? 0.8 : 1.5, points: { show: false }, dash: line.dash };
      if (line.high) {
        bands.push({ series: [series.length, series.length + 1], fill: () => faded(line.color) });
        series.push({ ...base });
        columns.push(line.high);
      }
      where.push(series.length);
      series.push({ ...base });
      columns.push(line.low);
    }
    const axis = (more) => ({
      stroke: () => color("--muted"),
      grid: { stroke: () => color("--grid"), width: 1 },
      ticks: { stroke: () => color("--grid"), width: 1, size: 4 },
      font: "11px system-ui, sans-serif",
      labelFont: "11px system-ui, sans-serif",
      ...more,
    });
    const height = () => (innerWidth < 861 ? 190 : spec.height);
    const options = {
      width: Math.max(box.clientWidth - 24, 200),
      height: height(),
      padding: [18, 10, 0, 0],
      legend: { show: false },
      cursor: { points: { size: 6 }, sync: spec.sync ? { key: spec.sync } : undefined, drag: { x: true, y: false } },
      scales: { x: { time: false, distr: spec.logarithmic ? 3 : 1 }, y: { range: spec.range } },
      series,
      bands,
      axes: [
        axis({ label: spec.xLabel, labelSize: 18, size: 30, space: 60 }),
        axis({ size: 52, values: (_, splits) => splits.map((v) => (v === null ? "" : String(+v.toPrecision(6)))) }),
      ],
      hooks: {
        draw: [marks(spec.events)],
        setCursor: [
          (chart) => {
            const k = chart.cursor.idx;
            spec.lines.forEach((line, index) => {
              const low = k === null || k === undefined ? null : line.low[k];
              if (low === null || low === undefined) { values[index].textContent = ""; return; }
              const high = line.high ? line.high[k] : low;
              const text = (value) => String(+value.toPrecision(4));
              values[index].textContent = line.high && high !== low ? `${text(low)} to ${text(high)}` : text(low);
            });
          },
        ],
      },
    };
    const chart = new uPlot(options, columns, box);
    charts.push(chart);
    new ResizeObserver(() => {
      const width = Math.max(box.clientWidth - 24, 200);
      if (Math.abs(width - chart.width) > 1) chart.setSize({ width, height: height() });
    }).observe(box);
  };

  const symmetric = (_, low, high) => {
    const reach = Math.max(Math.abs(low), Math.abs(high), 1e-9) * 1.08;
    return [-reach, reach];
  };
  const redraw = () => charts.forEach((chart) => chart.redraw(false));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  const root = document.documentElement;
  addEventListener("beforeprint", () => { root.dataset.theme = "light"; redraw(); });
  addEventListener("afterprint", () => { delete root.dataset.theme; redraw(); });

  return { data, draw, symmetric };
})();
