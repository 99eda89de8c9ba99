// SPDX-License-Identifier: Apache-2.0
//! The figures of a run: what `metrics.json` holds and what expectations are about.
//!
//! A metric that does not apply is absent, never zero. The definitions are those of [`METRICS`], which is also
//! where `levitas list metrics` and the documentation come from.

mod circulation;
mod flow;
mod lift_off;
mod meter;
mod takeover;
mod thermal;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use levitas_core::alarms::ALARMS;
use levitas_core::circulation::conditions;
use levitas_core::link::LinkRefusal;
use levitas_core::mail::fault;

pub use meter::Meter;
pub use takeover::{PairFigures, PairWatch};

/// A figure of a run.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Flat key in `metrics.json`.
    pub name: &'static str,
    /// Unit; empty for counts, ratios and lists.
    pub unit: &'static str,
    /// Decimals that a person wants to see.
    pub decimals: usize,
    /// Definition.
    pub doc: &'static str,
}

impl Metric {
    /// True for a whole number without a unit.
    #[must_use]
    pub fn is_count(&self) -> bool {
        self.unit.is_empty() && self.decimals == 0
    }
}

const fn metric(name: &'static str, unit: &'static str, decimals: usize, doc: &'static str) -> Metric {
    Metric { name, unit, decimals, doc }
}

/// Key of the wall-clock figure, the only one that differs between two runs of one seed.
pub const REALTIME_FACTOR: &str = "sim.realtime_factor";
/// Key of the part of the clearance that the orbit uses.
pub const CLEARANCE_USE: &str = "levitation.clearance_use_pct";
/// Key of the list of broken invariants.
pub const INVARIANTS_BROKEN: &str = "invariants.broken";

/// Prefix and suffix of the metrics of the alarms; between them stands a name of [`fault::TABLE`].
pub const ALARM_LATENCY: (&str, &str) = ("alarm.", ".latency_s");

/// The same of what the circulation says; between them stands a name of [`levitas_core::circulation::conditions`].
pub const CONDITION_LATENCY: (&str, &str) = ("condition.", ".latency_s");

/// The same of what a unit shows; between them stands a name of [`levitas_core::alarms::ALARMS`].
pub const SIGNAL_LATENCY: (&str, &str) = ("signal.", ".latency_s");

/// Every metric of this stage: those that are written down, with those of the alarms before the last two.
pub static METRICS: LazyLock<Vec<Metric>> = LazyLock::new(|| {
    let (measured, last) = WRITTEN.split_at(WRITTEN.len() - 2);
    let alarms = fault::TABLE.iter().map(|(_, name, _)| {
        let name: &'static str =
            Box::leak(format!("{}{name}{}", ALARM_LATENCY.0, ALARM_LATENCY.1).into_boxed_str());
        metric(name, "s", 5, "from the first fault event (without one: the first disturb event) to the alarm's first rise after it")
    });
    let conditions = conditions::TABLE.iter().map(|(_, name, _)| {
        let name: &'static str =
            Box::leak(format!("{}{name}{}", CONDITION_LATENCY.0, CONDITION_LATENCY.1).into_boxed_str());
        metric(name, "s", 3, "from the event of the scenario before it to the condition's first rise")
    });
    let signals = ALARMS.iter().map(|alarm| {
        let name: &'static str =
            Box::leak(format!("{}{}{}", SIGNAL_LATENCY.0, alarm.name, SIGNAL_LATENCY.1).into_boxed_str());
        metric(
            name,
            "s",
            3,
            "from the event of the scenario before it until a unit shows the alarm for the first time",
        )
    });
    let refusals = LinkRefusal::ALL.iter().map(|refusal| metric(refusal.name(), "", 0, refusal.doc()));
    measured
        .iter()
        .copied()
        .chain(refusals)
        .chain(alarms)
        .chain(conditions)
        .chain(signals)
        .chain(last.iter().copied())
        .collect()
});

/// The metrics that have each their own line here.
#[rustfmt::skip]
const WRITTEN: [Metric; 81] = [
    metric("levitation.liftoff_s", "s", 4, "from the first lift_off event to lift-off's end: the rotor comes within 10 % of the clearance and stays there for 20 ms"),
    metric("levitation.overshoot_um", "um", 1, "largest crossing past the centre, seen from where the rotor left the touchdown circle, up to 100 ms after lift-off's end or to the next event"),
    metric("levitation.peak_um", "um", 1, "largest radius of the true position after the first disturb or fault event (without one: after lift-off's end), less the orbit radius (orbit_peak_um)"),
    metric("levitation.orbit_peak_um", "um", 1, "largest radius of the true position in the measuring window: the orbit radius"),
    metric(CLEARANCE_USE, "%", 1, "orbit_peak_um over the clearance, with its zone of ISO 14839-2: A below 30 %, B below 40 %, C below 50 %"),
    metric("levitation.orbit_1x_um", "um", 2, "1x amplitude of the true position, larger axis; only when the rotor turns"),
    metric("levitation.rms_um", "um", 2, "rms of the true position about its mean per axis, larger axis"),
    metric("levitation.current_rms_a", "A", 4, "AC part (rms about the mean) of the measured coil current per axis, larger axis"),
    metric("levitation.current_dc_a", "A", 4, "mean of the measured coil current per axis, larger axis, without its sign"),
    metric("levitation.sync_current_a", "A", 4, "1x amplitude of the measured coil current, larger axis; only when the rotor turns"),
    metric("levitation.second_harmonic_current_a", "A", 4, "2x amplitude of the measured coil current, larger axis; only when the rotor turns"),
    metric("levitation.touchdowns", "", 0, "contacts of the rotor after lift-off's end and before a land event; counted again only after the rotor has been held again"),
    metric("levitation.axial_peak_um", "um", 1, "largest distance of the rotor's rim from the middle of the axial clearance after the first disturb or fault event (without one: after lift-off's end): axial displacement and tilt times the radius"),
    metric("motor.speed_error_rpm_rms", "rpm", 2, "rms of true speed less set-point in the measuring window"),
    metric("motor.speed_peak_error_rpm", "rpm", 0, "largest distance of the true speed from the set-point after the first disturb or fault event"),
    metric("motor.bus_min_v", "V", 1, "smallest true bus voltage of the host in the run"),
    metric("motor.bus_max_v", "V", 1, "largest true bus voltage of the host in the run"),
    metric("pump.speed_rpm", "rpm", 1, "mean true speed in the measuring window"),
    metric("pump.head_mmhg", "mmHg", 1, "mean true pump head in the measuring window"),
    metric("flow.lpm", "L/min", 2, "mean true flow in the measuring window"),
    metric("flow.mean_lpm", "L/min", 3, "mean true flow after the first event that breaks, disturbs or changes something; without one in the measuring window"),
    metric("flow.settle_s", "s", 2, "from the last flow set-point to the time from which the flow, averaged over a second, stays within 2 % of it until the next disturb or fault event or the end"),
    metric("flow.error_pct", "%", 2, "distance of the mean flow of the last 5 s before the next disturb or fault event, or the end, from the flow set-point"),
    metric("flow.reverse_ml", "mL", 3, "largest net backward excursion of the pumped volume"),
    metric("pressure.drainage_min_mmhg", "mmHg", 1, "smallest true drainage pressure of the run"),
    metric("pressure.return_max_mmhg", "mmHg", 1, "largest true return pressure of the run"),
    metric("pressure.return_over_s", "s", 3, "time in all with the true return pressure over the limit that is set in the driving unit"),
    metric("pressure.pre_membrane_max_mmhg", "mmHg", 1, "largest true pre-membrane pressure of the run"),
    metric("pressure.return_min_mmhg", "mmHg", 1, "smallest true return pressure of the run: below 0 air is drawn through the membrane"),
    metric("exposure.shear_index", "", 3, "what the driving unit says at the end of the run of the shear in the head, mean of a minute: 1 is as at 4 W dissipated and 4 L/min; an index, no measurement"),
    metric("exposure.heat_index_min_per_h", "min/h", 4, "the same of the heat in the head: minutes at 43 C in each hour that would do as much to tissue; an index, no measurement"),
    metric("self_test.time_s", "s", 2, "from the start of the host to the end of its self-test; this and what follows only with one"),
    metric("self_test.passed", "", 0, "items of it that are as they should be"),
    metric("self_test.failed", "", 0, "items that are not"),
    metric("self_test.not_run", "", 0, "items that could not be looked at"),
    metric("self_test.not_fitted", "", 0, "items that the host has not"),
    metric("restart.run_s", "s", 4, "from the last reboot of the host, alone in the loop, until its tasks run; this and what follows only with one"),
    metric("restart.held_s", "s", 4, "from it until the rotor comes within 10 % of the clearance, the tasks running, and stays there for 20 ms"),
    metric("restart.speed_s", "s", 3, "from it until the true speed is within 1 % of what it was, and stays there to the next event or the end"),
    metric("restart.speed_min_rpm", "rpm", 0, "smallest true speed from it to the next event or the end"),
    metric("restart.wall_s", "s", 4, "time in all that the rotor touched from it until it was held again"),
    metric("patient.map_mmhg", "mmHg", 1, "mean arterial pressure over the last full beat of the run; this and what follows only with a living patient"),
    metric("patient.native_output_lpm", "L/min", 3, "output of the left ventricle over the last full beat of the run"),
    metric("patient.collapse_max_pct", "%", 1, "largest part of the drainage inlet that the vena cava covered"),
    metric("patient.collapse_s", "s", 3, "time in all with more than half of it covered"),
    metric("patient.air_ml", "mL", 3, "air that went into the patient, with fixed pressures, too"),
    metric("thermal.blood_celsius", "C", 2, "true temperature of the blood behind the membrane lung at the end of the run; this and what follows only with a warming device"),
    metric("thermal.blood_max_celsius", "C", 2, "hottest true blood anywhere in the circuit"),
    metric("thermal.blood_min_celsius", "C", 2, "coldest true blood behind the membrane lung"),
    metric("thermal.water_max_celsius", "C", 2, "hottest true water of the device"),
    metric("power.charge_pct", "%", 1, "true charge of the host's battery at the end of the run, this and what follows as long as the host has power and is no process"),
    metric("power.charge_error_pct", "%", 1, "largest distance of the charge that the host knows from the true one"),
    metric("power.remaining_min", "min", 1, "how long its battery lasts, or would, as it says at the end"),
    metric("power.load_w", "W", 1, "what it takes, mean of the last minute, as it says at the end"),
    metric("power.capacity_ah", "Ah", 3, "capacity of its battery as the load test found it; only with a test that did"),
    metric("power.resistance_ohm", "ohm", 3, "resistance of its battery, likewise"),
    metric("power.other_charge_pct", "%", 1, "charge of the emergency drive's battery at the end, as the host has heard it by the link"),
    metric("power.other_remaining_min", "min", 1, "how long that battery lasts, or would, likewise"),
    metric("priming.ready_s", "s", 2, "when the guide for priming has said that the circuit is ready, at either unit; only when it has"),
    metric("priming.skipped", "", 0, "steps of it that were skipped; only with such a guide"),
    metric("circuit.orders_done", "", 0, "orders to the sensors of the circuit that the driving unit has carried out; only with such orders"),
    metric("circuit.orders_refused", "", 0, "those that it has refused, at once or in the end"),
    metric("ecg.beats", "", 0, "true R waves that the ECG has shown, as all that follows without the first 3 s, in which their size is learnt; only with a living patient"),
    metric("ecg.sensitivity_pct", "%", 2, "part of them that the driving unit has found, within 150 ms"),
    metric("ecg.predictivity_pct", "%", 2, "part of what it has found that is one of them"),
    metric("ecg.latency_ms", "ms", 1, "95 % of the times from the true R wave to the step that tells it are at most this"),
    metric("pulse.by_heart", "", 0, "pulses that the heart has timed, in the whole run"),
    metric("pulse.by_clock", "", 0, "the other pulses: rises of the true speed by 30 rpm in pulsatile mode"),
    metric("pulse.off_ms", "ms", 1, "95 % of them are at most this far from the programmed delay after the last true R wave; a pulse is where the true speed has risen by 30 rpm"),
    metric("pulse.in_diastole_pct", "%", 1, "part of them that comes between the end of systole and the next one"),
    metric("signals.shown", "", 0, "alarms that the units have shown, each as often as it came"),
    metric("takeover.count", "", 0, "how often the head went from one unit to the other; only with both units"),
    metric("takeover.total_us", "us", 1, "longest time from the last valid PWM update of one unit to the first PWM edge of the other"),
    metric("takeover.nobody_us", "us", 1, "longest time in which no gate was open while the rotor was to be held; only with both units"),
    metric("takeover.both_us", "us", 1, "longest time in which the gates of both units were open; only with both units"),
    metric("takeover.flow_min_lpm", "L/min", 3, "smallest flow after the first disturb or fault event, or hand-back or drill; only with a takeover"),
    metric("takeover.flow_dip_pct", "%", 3, "largest lack of flow against the same run without that event and those after it; only with a takeover"),
    metric("commands.executed", "", 0, "commands of the link that the units have accepted; only with both units, as all counts of the link"),
    metric("commands.declined", "", 0, "commands of the link that were authentic and in time, and refused for what they ask"),
    metric(INVARIANTS_BROKEN, "", 0, "names of the broken invariants; an empty list when all held"),
    metric(REALTIME_FACTOR, "", 1, "simulated time over wall-clock time; the one figure that differs from run to run"),
];

/// Metrics of the architecture whose parts come with later versions.
pub const LATER_METRICS: [&str; 2] = ["takeover.detect_us", "takeover.peak_um"];

/// The metric of a name.
#[must_use]
pub fn metric_named(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// Significant digits of the figures in files.
const SIGNIFICANT_DIGITS: i32 = 7;

/// Value of a run's metrics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// Numbers by key.
    pub numbers: BTreeMap<&'static str, f64>,
    /// Names of broken invariants.
    pub invariants_broken: Vec<String>,
}

impl Metrics {
    /// The number of a key.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.numbers.get(name).copied()
    }

    /// Enters a number; one that is not finite does not apply.
    pub fn set(&mut self, name: &'static str, value: f64) {
        if value.is_finite() {
            self.numbers.insert(name, value);
        }
    }

    /// Enters a number of a family; between its prefix and suffix stands `name`. A name that the family does not have is left out.
    pub fn set_of(&mut self, (prefix, suffix): (&str, &str), name: &str, value: f64) {
        let own = |metric: &&Metric| {
            metric.name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(suffix)) == Some(name)
        };
        if let Some(metric) = METRICS.iter().find(own) {
            self.set(metric.name, value);
        }
    }

    /// JSON object, one key per line in the order of [`METRICS`]; the wall-clock figure is the last line.
    #[must_use]
    pub fn to_json(&self) -> String {
        let lines: Vec<String> = METRICS
            .iter()
            .filter_map(|metric| {
                let value = if metric.name == INVARIANTS_BROKEN {
                    serde_json::json!(self.invariants_broken)
                } else {
                    match self.get(metric.name)? {
                        count if metric.is_count() => serde_json::json!(count as u64),
                        value => serde_json::json!(significant(value)),
                    }
                };
                Some(format!("  \"{}\": {value}", metric.name))
            })
            .collect();
        format!("{{\n{}\n}}\n", lines.join(",\n"))
    }
}

/// The number with seven significant digits: more would be noise in a file that people compare.
fn significant(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let magnitude = value.abs().log10().floor() as i32;
    rounded(value, SIGNIFICANT_DIGITS - 1 - magnitude)
}

/// The number rounded to a count of decimals (negative: to tens, hundreds).
#[must_use]
pub fn rounded(value: f64, decimals: i32) -> f64 {
    if decimals >= 0 {
        let scale = 10_f64.powi(decimals);
        (value * scale).round() / scale
    } else {
        let scale = 10_f64.powi(-decimals);
        (value / scale).round() * scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_later_ones_are_not_there_yet() {
        for (index, metric) in METRICS.iter().enumerate() {
            assert!(METRICS[..index].iter().all(|other| other.name != metric.name));
            assert!(!LATER_METRICS.contains(&metric.name));
        }
    }

    #[test]
    fn json_has_seven_digits_and_leaves_out_what_does_not_apply() {
        let mut metrics = Metrics::default();
        metrics.set("flow.lpm", 1.234_567_89);
        metrics.set("pump.speed_rpm", f64::NAN);
        metrics.set("levitation.touchdowns", 2.0);
        let json: serde_json::Value = serde_json::from_str(&metrics.to_json()).unwrap();
        assert_eq!(json["flow.lpm"].as_f64(), Some(1.234_568));
        assert_eq!(json["levitation.touchdowns"].as_u64(), Some(2));
        assert!(json.get("pump.speed_rpm").is_none());
        assert_eq!(json["invariants.broken"].as_array().map(Vec::len), Some(0));
        assert_eq!(rounded(12345.0, -2), 12300.0);
        assert_eq!(significant(4_000.123_456), 4_000.123);
    }
}
