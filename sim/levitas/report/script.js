// SPDX-License-Identifier: Apache-2.0
// Draws the charts of a report from the numbers in #data; colours come from the style sheet at every drawing.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const faded = (name) => color(name) + "40";
  const times = (grid, count) => Array.from({ length: count }, (_, k) => grid.from + k * grid.step);
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
      scales: { x: { time: false }, y: { range: spec.range } },
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

  // The whole run.
  const overview = data.overview;
  const x = times(overview, overview.count);
  // Envelopes reach over 20 ms, a revolution at 3000 rpm: an orbit becomes a band and not a comb.
  const reach = Math.ceil(0.01 / overview.step);
  const envelope = (values, pick) =>
    values.map((_, k) => pick(...values.slice(Math.max(k - reach, 0), k + reach + 1).filter((v) => v !== null)));
  const band = (label, name, tint) => ({
    label, color: tint, low: envelope(overview.low[name], Math.min), high: envelope(overview.high[name], Math.max),
  });
  const line = (label, name, tint, dash) => ({ label, color: tint, low: overview.low[name], dash });
  const symmetric = (_, low, high) => {
    const reach = Math.max(Math.abs(low), Math.abs(high), 1e-9) * 1.08;
    return [-reach, reach];
  };
  // Once the rotor flies its distance from the wall is of no interest: the scale is that of the time after lift-off.
  const flying = (names) => () => {
    const from = data.lifted === null ? 0 : x.findIndex((t) => t > data.lifted + 0.02);
    const sizes = (side) => names.flatMap((name) => overview[side][name].slice(Math.max(from, 0)).map(Math.abs));
    const most = [...sizes("low"), ...sizes("high")].reduce((a, b) => Math.max(a, b), 1e-9);
    return [-1.15 * most, 1.15 * most];
  };
  const common = { x, xLabel: "time [s]", events: data.events, height: 210, sync: "run" };
  const host = document.getElementById("overview");
  const panels = [
    {
      title: "Displacement [\u00b5m], at the scale of the time after lift-off",
      lines: [band("x", "displacement_x_um", "--a"), band("y", "displacement_y_um", "--b")],
      range: flying(["displacement_x_um", "displacement_y_um"]),
    },
    { title: "Coil current [A]", lines: [band("x", "coil_current_x_a", "--a"), band("y", "coil_current_y_a", "--b")], range: symmetric },
    { title: "Pump speed [rpm]", lines: [line("set-point", "speed_setpoint_rpm", "--b", [5, 4]), line("speed", "speed_rpm", "--a")] },
    { title: "Torque current [A]", lines: [band("q axis", "torque_current_a", "--d")] },
    {
      title: "Pressure [mmHg]",
      lines: [
        line("pump head", "head_mmhg", "--d"), line("pre-membrane", "pre_membrane_pressure_mmhg", "--b"),
        line("return", "return_pressure_mmhg", "--c"), line("drainage", "drainage_pressure_mmhg", "--a"),
      ],
    },
    { title: "Flow [L/min]", lines: [line("flow", "flow_lpm", "--c")] },
  ];
  for (const panel of panels) draw(host, { ...common, ...panel });

  // The moments that are worth every sample.
  for (const moment of data.moments) {
    const box = document.getElementById(moment.id);
    const x = times(moment, moment.x.length);
    const pair = (title, a, b) => ({
      title, x, xLabel: moment.label, events: moment.events, height: 252, sync: moment.id, range: symmetric,
      lines: [{ label: "x", color: "--a", low: a }, { label: "y", color: "--b", low: b }],
    });
    draw(box, pair("Displacement [\u00b5m]", moment.x, moment.y));
    draw(box, pair("Coil current [A]", moment.current_x, moment.current_y));
  }

  const redraw = () => charts.forEach((chart) => chart.redraw(false));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  const root = document.documentElement;
  addEventListener("beforeprint", () => { root.dataset.theme = "light"; redraw(); });
  addEventListener("afterprint", () => { delete root.dataset.theme; redraw(); });
})();
