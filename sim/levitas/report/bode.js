// SPDX-License-Identifier: Apache-2.0
// Bode plot of the sensitivity of each axis.
"use strict";
(() => {
  const { data, draw } = report;
  const decibel = (values) => values.map((value) => 20 * Math.log10(value));
  for (const axis of data.axes) {
    const host = document.getElementById(`axis-${axis.name}`);
    const common = {
      x: axis.frequency_hz, xLabel: "frequency [Hz]", logarithmic: true, events: [], height: 300, sync: axis.name,
    };
    const pair = (closed, raw) => [
      { label: "where the loop is closed", color: "--a", low: closed },
      { label: "at the Halls", color: "--b", low: raw, dash: [5, 4] },
    ];
    const limits = data.limits.map(({ zones, value }) => ({
      label: `${zones} at ${value}`, color: "--mark", dash: [2, 4], low: decibel(axis.frequency_hz.map(() => value)),
    }));
    draw(host, {
      ...common, title: `|S| of ${axis.name} [dB]`,
      lines: [...pair(decibel(axis.magnitude), decibel(axis.raw_magnitude)), ...limits],
    });
    draw(host, { ...common, title: "Phase [deg]", lines: pair(axis.phase_deg, axis.raw_phase_deg) });
  }
})();
