// SPDX-License-Identifier: Apache-2.0
//! Rows about flow and pressures: one story each, over several seeds, with the worst figure beside its bound.

use levitas_core::circulation::conditions as condition;
use levitas_core::circulation::therapy::Mode;
use levitas_core::unit::UnitConfig;
use levitas_world::{
    Circuit, CircuitChange, KinkSite, Line, LivingPatient, PAEDIATRIC, PAEDIATRIC_19_15, Patient,
    PatientChange, VA_21_17, VA_25_21 as VA_25_21_RIGID, VA_25_21_ELASTIC as VA_25_21, VA_ADULT, VV_25_19,
    VV_ADULT,
};

use super::rig::{PERIOD_S, Rig, beat_means};
use super::suction::{COLLAPSED, best_lpm};
use crate::analysis::mean;
use crate::input::Checked;

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// What happens.
    pub story: &'static str,
    /// What is measured, with its unit.
    pub figure: &'static str,
    /// Worst over the seeds.
    pub worst: f64,
    /// Largest allowed.
    pub bound: f64,
    /// Up to here it is known to be beyond its bound, and why is said in docs/circulation.md.
    pub known: Option<f64>,
}

impl Row {
    /// It is within its bound.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.worst <= self.bound
    }

    /// One line when it does not hold, or is further off than is known.
    #[must_use]
    pub fn finding(&self) -> Option<String> {
        let Self { story, figure, worst, bound, known } = self;
        let allowed = known.unwrap_or(*bound);
        // Not a number is a finding, too.
        let is_held = *worst <= allowed;
        (!is_held).then(|| format!("{story}: {figure} is {worst:.3}, allowed {allowed}"))
    }
}

/// The adult of the presets.
pub(super) fn adult() -> LivingPatient {
    living(VA_ADULT)
}

fn living(patient: Patient) -> LivingPatient {
    match patient {
        Patient::Living(living) => living,
        Patient::Fixed(_) => unreachable!("a preset that lives"),
    }
}

/// Figures of one seed, in the order of their rows.
type Figures = Vec<(&'static str, &'static str, f64, f64)>;
type Story = fn(u64) -> Checked<Figures>;

const THIN_AT_ONCE: &str = "meter lost at 4 L/min, haematocrit from 45 to 25 % at once";
const LITTLE_FLOW: &str = "25/21 Fr at 1 and 1.5 L/min";
const THIN_BLOOD: &str = "25/21 Fr, haematocrit 25 %, at 2.5 to 3.5 L/min";
/// What is beyond its bound, and up to where.
const KNOWN: [(&str, f64); 3] = [(THIN_AT_ONCE, 14.0), (LITTLE_FLOW, 18.0), (THIN_BLOOD, 11.0)];

/// All rows.
pub(super) fn rows(seeds: u64, progress: &dyn Fn(f64)) -> Checked<Vec<Row>> {
    const STORIES: [Story; 9] = [
        settling,
        from_standstill,
        disturbances,
        clamp,
        reversals,
        reachable,
        all_flow_lost,
        meter_lost,
        thinned_at_once,
    ];
    let mut rows: Vec<Row> = Vec::new();
    for (index, story) in STORIES.iter().enumerate() {
        let mut own: Vec<Row> = Vec::new();
        for seed in 1..=seeds {
            let figures = story(seed)?;
            progress((index as f64 + seed as f64 / seeds as f64) / STORIES.len() as f64);
            for (at, (story, figure, value, bound)) in figures.into_iter().enumerate() {
                match own.get_mut(at) {
                    // A figure that is no number is worse than any.
                    Some(row) => {
                        row.worst = if value > row.worst || value.is_nan() { value } else { row.worst }
                    }
                    None => {
                        let known = KNOWN.iter().find(|(of, _)| *of == story).map(|(_, up_to)| *up_to);
                        own.push(Row { story, figure, worst: value, bound, known });
                    }
                }
            }
        }
        rows.extend(own);
    }
    Ok(rows)
}

fn settling(seed: u64) -> Checked<Figures> {
    const STORY: &str = "flow mode from zero flow to 4 L/min";
    let mut rig = Rig::new(VA_25_21, adult(), seed)?;
    rig.set_mode(Mode::ZeroFlow, 0.0);
    rig.run(10.0);
    Ok(to_four_litres(STORY, rig))
}

/// The pump stands before a closed clamp, which is opened with the order.
fn from_standstill(seed: u64) -> Checked<Figures> {
    const STORY: &str = "flow mode from standstill to 4 L/min, the clamp opened";
    let mut rig = Rig::new(VA_25_21, adult(), seed)?.standing();
    rig.circuit(CircuitChange::Clamp(Line::Return));
    rig.set_mode(Mode::Speed, 0.0);
    rig.run(10.0);
    rig.circuit(CircuitChange::Unclamp(Line::Return));
    Ok(to_four_litres(STORY, rig))
}

fn to_four_litres(story: &'static str, mut rig: Rig) -> Figures {
    rig.forget();
    rig.set_mode(Mode::Flow, 4.0);
    let flows = rig.run(20.0);
    let means = beat_means(&flows);
    let outside = means.iter().rposition(|flow| (flow - 4.0).abs() > 0.02 * 4.0).map_or(0, |last| last + 1);
    let settled_s = outside as f64 * PERIOD_S + 0.5;
    let steady = mean(&flows[flows.len() - 500..]);
    vec![
        (story, "settled within 2 % of the beat-averaged flow [s]", settled_s, 2.5),
        (story, "steady error [%]", 100.0 * (steady - 4.0).abs() / 4.0, 1.0),
        (story, "return pressure over its limit [mmHg]", (rig.return_mmhg_max - 300.0).max(0.0), 0.0),
        (story, "drainage pressure under its limit [mmHg]", (-100.0 - rig.drainage_mmhg_min).max(0.0), 0.0),
    ]
}

/// How far a flow, or the drainage pressure that limits it, is from what is possible [%].
///
/// A vein that is shut has such a pressure, too: it is no limit that was reached.
fn missed_pct(rig: &mut Rig, target_lpm: f64) -> f64 {
    let (mut drainage, mut is_open) = (Vec::new(), true);
    let flows: Vec<f64> = (0..1000)
        .map(|_| {
            let flow = rig.period();
            drainage.push(rig.pressures_mmhg()[0]);
            is_open &= rig.collapse() < COLLAPSED;
            flow
        })
        .collect();
    let by_flow = 100.0 * (mean(&flows) - target_lpm).abs() / target_lpm;
    let by_limit = if is_open { (mean(&drainage) + 100.0).abs() } else { f64::INFINITY };
    // A vein that gives no more: beside the best speed of a sweep.
    let best = best_lpm(rig).min(target_lpm);
    by_flow.min(by_limit).min(100.0 * (1.0 - mean(&flows) / best).max(0.0))
}

fn disturbances(seed: u64) -> Checked<Figures> {
    const FIGURE: &str = "flow or limiting pressure from what is possible [%]";
    let settled = Rig::new(VA_25_21, adult(), seed)?.settled(4.0);
    let after = |change: &dyn Fn(&mut Rig), wait_s: f64| {
        let mut rig = settled.clone();
        change(&mut rig);
        rig.run(wait_s);
        missed_pct(&mut rig, 4.0)
    };
    let lost_ml = 0.15 * adult().blood.volume_ml;
    let loss = after(&|rig| rig.patient(PatientChange::BloodLoss { ml: lost_ml, over_s: 60.0 }), 120.0);
    let vasoplegia = after(&|rig| rig.patient(PatientChange::Vasoplegia { factor: 0.5 }), 20.0);
    let kink = |factor| {
        after(&|rig| rig.circuit(CircuitChange::Kink { site: KinkSite::DrainageCannula, factor }), 20.0)
    };
    let posture = after(&|rig| rig.patient(PatientChange::Posture { tilt_deg: 30.0 }), 20.0);
    Ok(vec![
        ("15 % of the blood lost in 60 s at 4 L/min", FIGURE, loss, 5.0),
        ("resistance of the arteries halved", FIGURE, vasoplegia, 5.0),
        ("drainage cannula kinked, drop x2", FIGURE, kink(2.0), 5.0),
        ("drainage cannula kinked, drop x3", FIGURE, kink(3.0), 5.0),
        ("drainage cannula kinked, drop x4", FIGURE, kink(4.0), 5.0),
        ("drainage cannula kinked, drop x6", FIGURE, kink(6.0), 5.0),
        ("head raised by 30 deg", FIGURE, posture, 5.0),
    ])
}

fn clamp(seed: u64) -> Checked<Figures> {
    const STORY: &str = "return clamp closed in 0.3 s at 5 L/min, limit 300 mmHg";
    let mut rig = Rig::new(VA_25_21, adult(), seed)?.settled(5.0);
    // Somewhere in a beat.
    rig.run((seed % 10) as f64 * 0.05);
    rig.forget();
    let mut unlimited = rig.clone();
    unlimited.therapy.settings.return_pressure_mmhg_max = 400.0;
    for rig in [&mut rig, &mut unlimited] {
        rig.circuit(CircuitChange::Clamp(Line::Return));
    }
    unlimited.run(5.0);
    let mut above = 0;
    for _ in 0..500 {
        rig.period();
        above += u32::from(rig.pressures_mmhg()[1] > 300.0);
    }
    Ok(vec![
        (STORY, "peak over the limit [mmHg]", (rig.return_mmhg_max - 300.0).max(0.0), 30.0),
        (STORY, "time over the limit [s]", f64::from(above) * PERIOD_S, 0.5),
        (STORY, "backward [mL]", rig.reverse_ml, 0.001),
        (
            "the same with the limit at 400 mmHg, to compare",
            "330 mmHg less the peak [mmHg]",
            330.0 - unlimited.return_mmhg_max,
            0.0,
        ),
    ])
}

/// Every change of mode in turn, and a dip of the power.
fn reversals(seed: u64) -> Checked<Figures> {
    let settled = Rig::new(VA_25_21, adult(), seed)?.settled(4.0);
    let mut rig = settled.clone();
    let speed_rpm = rig.speed_rpm as f32;
    for (mode, value) in [
        (Mode::Speed, speed_rpm),
        (Mode::Pressure, 150.0),
        (Mode::Pulsatile, speed_rpm),
        (Mode::Weaning, 1.5),
        (Mode::ZeroFlow, 0.0),
        (Mode::Speed, 1000.0),
        (Mode::Flow, 4.0),
        (Mode::Speed, 0.0),
        (Mode::Flow, 0.5),
    ] {
        rig.set_mode(mode, value);
        rig.run(8.0);
    }
    let mut dip = settled;
    // The motor has no power for 50 ms: the rotor runs down as the load and its inertia say.
    for _ in 0..5 {
        let slower = dip.speed_rpm - 29.0 * 10.0;
        dip.turn(slower);
    }
    dip.run(5.0);
    Ok(vec![
        ("every mode in turn, speed 0 and 1000 rpm among them", "backward [mL]", rig.reverse_ml, 0.001),
        ("power of the motor gone for 50 ms at 4 L/min", "backward [mL]", dip.reverse_ml, 0.001),
    ])
}

/// The largest flow that is named at several flows, beside what a sweep of the speed gives within the limits.
fn reachable(seed: u64) -> Checked<Figures> {
    const FIGURE: &str = "largest flow that is named, from the largest of a sweep [%]";
    const ADULT_LPM: &[f32] = &[2.5, 3.0, 3.5, 4.0];
    const CHILD_LPM: &[f32] = &[1.5, 2.0];
    let off = |circuit: Circuit, patient: Patient, is_arterial: f32, return_mmhg_max: f32, flows: &[f32]| {
        let rig = Rig::new(circuit, living(patient), seed)?;
        Ok(named_off_pct(rig, is_arterial, return_mmhg_max, flows))
    };
    let mut thin = Rig::new(VA_25_21, adult(), seed)?;
    thin.circuit(CircuitChange::Viscosity { haematocrit_pct: 25.0 });
    Ok(vec![
        ("25/21 Fr at 2.5 to 4 L/min", FIGURE, off(VA_25_21, VA_ADULT, 1.0, 300.0, ADULT_LPM)?, 5.0),
        (
            "25/21 Fr, rigid, at 2.5 to 4 L/min",
            FIGURE,
            off(VA_25_21_RIGID, VA_ADULT, 1.0, 300.0, ADULT_LPM)?,
            5.0,
        ),
        (
            "25/21 Fr, limit 200 mmHg, at 2.5 to 4 L/min",
            FIGURE,
            off(VA_25_21, VA_ADULT, 1.0, 200.0, ADULT_LPM)?,
            5.0,
        ),
        ("21/17 Fr at 2.5 to 4 L/min", FIGURE, off(VA_21_17, VA_ADULT, 1.0, 300.0, ADULT_LPM)?, 5.0),
        (
            "two veins, 25/19 Fr, at 2.5 to 4 L/min",
            FIGURE,
            off(VV_25_19, VV_ADULT, 0.0, 300.0, ADULT_LPM)?,
            5.0,
        ),
        (
            "child, 19/15 Fr, at 1.5 and 2 L/min",
            FIGURE,
            off(PAEDIATRIC_19_15, PAEDIATRIC, 1.0, 300.0, CHILD_LPM)?,
            5.0,
        ),
        (LITTLE_FLOW, FIGURE, off(VA_25_21, VA_ADULT, 1.0, 300.0, &[1.0, 1.5])?, 5.0),
        (THIN_BLOOD, FIGURE, named_off_pct(thin, 1.0, 300.0, &[2.5, 3.0, 3.5]), 5.0),
    ])
}

/// How far what is named at several flows is from what a sweep of the speed gives [%].
fn named_off_pct(mut rig: Rig, is_arterial: f32, return_mmhg_max: f32, flows: &[f32]) -> f64 {
    rig.therapy.settings.return_is_arterial = is_arterial;
    rig.therapy.settings.return_pressure_mmhg_max = return_mmhg_max;
    let mut worst = 0.0_f64;
    let mut named = Vec::new();
    for flow_lpm in flows {
        rig = rig.settled(*flow_lpm);
        named.push(rig.course.map_or(f64::NAN, |course| f64::from(course.flow_lpm_max)));
    }
    let most_lpm = most_within_limits_lpm(&rig);
    for named_lpm in named {
        let off = 100.0 * (named_lpm / most_lpm - 1.0).abs();
        // A figure that is no number is worse than any.
        worst = if off > worst || off.is_nan() { off } else { worst };
    }
    worst
}

/// The mean flow at which the first mean pressure comes to its limit as the speed goes up; no number where a vein closes before [L/min].
fn most_within_limits_lpm(rig: &Rig) -> f64 {
    let settings = &rig.therapy.settings;
    let limits = [-settings.drainage_pressure_mmhg_min, settings.return_pressure_mmhg_max].map(f64::from);
    let (mut swept, mut before) = (rig.clone(), (0.0, f64::NEG_INFINITY));
    let mut speed_rpm = rig.speed_rpm;
    while speed_rpm < f64::from(UnitConfig::ECMO_50.speed.speed_rpm_max) {
        (0..300).for_each(|_| {
            swept.turn(speed_rpm);
        });
        let (mut flow_lpm, mut pressures) = (0.0, [0.0; 2]);
        for _ in 0..200 {
            flow_lpm += swept.turn(speed_rpm) / 200.0;
            let [drainage, outlet, _] = swept.pressures_mmhg();
            pressures[0] -= drainage / 200.0;
            pressures[1] += outlet / 200.0;
        }
        if swept.collapse() > COLLAPSED {
            return f64::NAN;
        }
        let beyond_mmhg = (pressures[0] - limits[0]).max(pressures[1] - limits[1]);
        if beyond_mmhg >= 0.0 {
            let (flow_before, beyond_before) = before;
            return flow_lpm - (flow_lpm - flow_before) * beyond_mmhg / (beyond_mmhg - beyond_before);
        }
        before = (flow_lpm, beyond_mmhg);
        speed_rpm += 100.0;
    }
    before.0
}

fn all_flow_lost(seed: u64) -> Checked<Figures> {
    let mut rig = Rig::new(VA_25_21, adult(), seed)?.settled(4.0);
    rig.meter = false;
    let flows = rig.run(60.0);
    let worst = beat_means(&flows).into_iter().fold(0.0_f64, |worst, flow| worst.max((flow - 4.0).abs()));
    Ok(vec![(
        "meter and estimate lost at 4 L/min, load as it is",
        "flow from what it was, 60 s at the speed held [%]",
        100.0 * worst / 4.0,
        10.0,
    )])
}

/// Changes of load that leave 4 L/min possible, one a minute. Blood is diluted, and gets its cells back, within 44 s, as volume comes and goes.
fn load_change(rig: &mut Rig, second: u32) {
    let diluted_pct = f64::from((second % 60).min(44) / 4);
    match (second / 60, second % 60) {
        (1, 0) => rig.patient(PatientChange::Vasoplegia { factor: 0.75 }),
        (2, 0) => rig.patient(PatientChange::Volume { ml: 300.0, over_s: 45.0 }),
        (3, _) => rig.circuit(CircuitChange::Viscosity { haematocrit_pct: 36.0 - diluted_pct }),
        (4, 0) => rig.patient(PatientChange::Vasoplegia { factor: 1.25 }),
        (5, 0) => rig.patient(PatientChange::BloodLoss { ml: 300.0, over_s: 45.0 }),
        (6, 0) => rig.patient(PatientChange::HeartRate { bpm: 110.0 }),
        (7, _) => rig.circuit(CircuitChange::Viscosity { haematocrit_pct: 25.0 + diluted_pct }),
        (8, 0) => rig.circuit(CircuitChange::Clot { factor: 1.5 }),
        (9, 0) => rig.patient(PatientChange::Vasoplegia { factor: 1.0 }),
        _ => {}
    }
}

fn meter_lost(seed: u64) -> Checked<Figures> {
    const STORY: &str =
        "meter lost at 4 L/min, then resistance, volume, viscosity and a clot change in ten minutes";
    let mut rig = Rig::new(VA_25_21, adult(), seed)?.estimating(seed).settled(4.0);
    rig.run(60.0);
    rig.meter = false;
    let (mut flows, mut told) = (Vec::new(), None);
    for second in 0..600 {
        load_change(&mut rig, second);
        for _ in 0..100 {
            flows.push(rig.period());
            let says_so = rig.course.is_some_and(|course| course.conditions & condition::FLOW_LOST != 0);
            told = told.or(says_so.then_some(flows.len()));
        }
    }
    let told_s = told.map_or(f64::INFINITY, |periods| periods as f64 * PERIOD_S);
    let worst = beat_means(&flows).into_iter().fold(0.0_f64, |worst, flow| worst.max((flow - 4.0).abs()));
    Ok(vec![
        (STORY, "flow from 4 L/min, over a beat [%]", 100.0 * worst / 4.0, 10.0),
        (STORY, "told after [s]", told_s, 1.0),
    ])
}

/// The meter is lost, and no ramp gives the estimate time to learn what blood has become.
fn thinned_at_once(seed: u64) -> Checked<Figures> {
    const FIGURE: &str = "flow from 4 L/min, over a beat [%]";
    let off = |from_pct: f64, to_pct: f64| {
        let mut rig = Rig::new(VA_25_21, adult(), seed)?.estimating(seed);
        rig.circuit(CircuitChange::Viscosity { haematocrit_pct: from_pct });
        rig = rig.settled(4.0);
        rig.run(60.0);
        rig.meter = false;
        rig.run(60.0);
        rig.circuit(CircuitChange::Viscosity { haematocrit_pct: to_pct });
        let means = beat_means(&rig.run(60.0));
        let worst = means.into_iter().fold(0.0_f64, |worst, flow| worst.max((flow - 4.0).abs()));
        Ok(100.0 * worst / 4.0)
    };
    Ok(vec![
        ("meter lost at 4 L/min, haematocrit from 36 to 25 % at once", FIGURE, off(36.0, 25.0)?, 10.0),
        ("meter lost at 4 L/min, haematocrit from 25 to 36 % at once", FIGURE, off(25.0, 36.0)?, 10.0),
        (THIN_AT_ONCE, FIGURE, off(45.0, 25.0)?, 10.0),
    ])
}
