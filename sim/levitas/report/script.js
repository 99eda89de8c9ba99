// SPDX-License-Identifier: Apache-2.0
// Charts of a run.
"use strict";
(() => {
  const { data, draw, symmetric } = report;
  const times = (grid, count) => Array.from({ length: count }, (_, k) => grid.from + k * grid.step);

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
    { title: "Flow [L/min]", lines: [line("circuit", "flow_lpm", "--c")] },
  ];
  const has = (name, most) => overview.high[name].some((value) => value !== null && value > most);
  if (has("aortic_pressure_mmhg", 0)) {
    panels[panels.length - 1].lines.push(line("patient's own output", "native_output_lpm", "--a"));
    panels.push({
      title: "The patient's pressures [mmHg]",
      lines: [
        band("aorta", "aortic_pressure_mmhg", "--a"), band("pulmonary artery", "pulmonary_pressure_mmhg", "--b"),
        band("vena cava", "vena_cava_pressure_mmhg", "--c"),
      ],
    });
  }
  if (has("cava_collapse_pct", 1) || has("air_at_meter_pct", 0)) {
    panels.push({
      title: "Collapse of the vena cava, air at the flow meter [%]",
      lines: [band("collapse", "cava_collapse_pct", "--a"), band("air", "air_at_meter_pct", "--d")],
    });
  }
  if (has("beat_found", 0)) {
    panels.push({
      title: "ECG [mV], heart beats that are found and pulses that begin after them [marks of 1]",
      lines: [
        band("ECG", "ecg_mv", "--a"), band("beat found", "beat_found", "--c"), band("pulse begun", "pulse_begun", "--d"),
      ],
    });
  }
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
})();
