// SPDX-License-Identifier: Apache-2.0
//! What the sensors of the circuit say: flow meter and pressures into the mail of the circulation task, orders to them, alarms of them.
//!
//! # Alarms
//! | alarm | stands when, for 0.5 s |
//! |---|---|
//! | `flow_meter` | the flow is not to be believed |
//! | `pressure_sensor` | any of the three pressures is not |
//! | `bubble_sensor` | bubbles could not be seen |
//!
//! # Orders
//! | order | value | ends | refused |
//! |---|---|---|---|
//! | nothing flows: the line is clamped | - | after 5 s | over 0.25 L/min, then or meanwhile; a mean of more than 0.11 L/min |
//! | the flow is known | L/min | after 10 s | under 1 L/min, 15 % off, not steady |
//! | the circuit is full of warm saline | C | at once | another speed of sound, or blood was seen |
//! | drainage, pre-membrane, return is open to air | - | after 1 s | over 30 mmHg, a spread of over 8 mmHg |
//! | the membrane lung is a new one | - | at once | |
//! | the pump head is a new one, or the meter was right | - | at once | while the meter is not believed: the estimate is all there is |
//!
//! Each is carried out once, when its number is new, one at a time; the result stands in the mail under that number. One that is refused while another is
//! under way is told for a second, then the other one again. What does not end within 15 s ends without a signal. An order that is there when the
//! task starts is an old one: the task before has carried it out.
//! # Limits and failure
//! Nobody measures the temperature of the blood yet: it is taken as 37 C.

use super::flow_meter::{CalibrationRefused, FlowMeter, FlowMeterConfig, FlowReading, Surroundings};
use super::pressures::{PressureReading, Pressures, PumpState, Site, ZeroRefused};
use crate::config::ConfigError;
use crate::mail::{CircuitOrderMail, CirculationMail, LevitationMail, Mailboxes, fault};
use crate::mailbox::Reader;
use crate::ports::{BATCH, CirculationInputs};
use crate::schedule::TaskId;
use crate::units::RPM_PER_RAD_PER_S;

/// Age from which the levitation task counts as silent [us].
const SILENT_US_MAX: u32 = 50_000;
const BLOOD_CELSIUS: f32 = 37.0;
/// Periods that the line is taken as clamped after an order.
const CLAMPED_PERIODS: u32 = 500;
/// Largest flow that a meter shows whose line is clamped [L/min].
const CLAMPED_LPM_MAX: f32 = 0.25;
/// Periods after which an order is given up.
const ORDER_PERIODS_MAX: u32 = 1500;
/// Periods for which a refusal stands before the order that is under way is told again.
const REFUSAL_PERIODS: u32 = 100;
/// Periods that something must stand before it is an alarm.
const ALARM_PERIODS: u32 = 50;

/// What can be ordered; codes of the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum CircuitOrder {
    /// Nothing flows: the line is clamped.
    Clamped = 1,
    /// The flow is known.
    KnownFlow = 2,
    /// The circuit is full of saline.
    Saline = 3,
    /// The drainage sensor is open to air.
    ZeroDrainage = 4,
    /// The pre-membrane sensor is open to air.
    ZeroPreMembrane = 5,
    /// The return sensor is open to air.
    ZeroReturn = 6,
    /// The membrane lung is a new one.
    NewLung = 7,
    /// The pump head is a new one: what was learned of it is forgotten.
    NewPump = 8,
}

impl CircuitOrder {
    /// All of them, by code from 1 on.
    pub const ALL: [Self; 8] = [
        Self::Clamped,
        Self::KnownFlow,
        Self::Saline,
        Self::ZeroDrainage,
        Self::ZeroPreMembrane,
        Self::ZeroReturn,
        Self::NewLung,
        Self::NewPump,
    ];

    /// The order of a code.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|order| *order as u32 == code)
    }

    /// Its name in shell and scenarios.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clamped => "clamped",
            Self::KnownFlow => "flow",
            Self::Saline => "saline",
            Self::ZeroDrainage => "zero_drainage",
            Self::ZeroPreMembrane => "zero_pre_membrane",
            Self::ZeroReturn => "zero_return",
            Self::NewLung => "new_lung",
            Self::NewPump => "new_pump",
        }
    }

    /// Least and largest value that can be meant, and its unit; `None` for an order without a value.
    #[must_use]
    pub const fn range(self) -> Option<(f32, f32, &'static str)> {
        match self {
            Self::KnownFlow => Some((1.0, 8.0, "L/min")),
            Self::Saline => Some((15.0, 42.0, "C")),
            _ => None,
        }
    }
}

/// What became of an order; codes of the mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum OrderResult {
    /// Carried out.
    #[default]
    Done = 0,
    /// It takes its time.
    Running = 1,
    /// There is no such order.
    Unknown = 2,
    /// The value is none that can be meant.
    Value = 3,
    /// The sensor does not answer well enough.
    NoSignal = 4,
    /// The sensor would have to be wrong by more than it can be.
    TooFarOff = 5,
    /// It did not stand still.
    Unsteady = 6,
    /// The order before it is under way.
    Busy = 7,
}

impl OrderResult {
    /// By code.
    const ALL: [Self; 8] = [
        Self::Done,
        Self::Running,
        Self::Unknown,
        Self::Value,
        Self::NoSignal,
        Self::TooFarOff,
        Self::Unsteady,
        Self::Busy,
    ];

    /// The result of a code; one that there is not is unknown.
    #[must_use]
    pub fn from_code(code: u32) -> Self {
        Self::ALL.into_iter().find(|result| *result as u32 == code).unwrap_or(Self::Unknown)
    }

    /// In one phrase.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Running => "under way",
            Self::Unknown => "there is no such order",
            Self::Value => "no value that can be meant",
            Self::NoSignal => "the sensor does not answer well enough",
            Self::TooFarOff => "too far off: the sensor cannot be so wrong",
            Self::Unsteady => "not steady",
            Self::Busy => "the order before it is under way",
        }
    }
}

impl From<Result<(), CalibrationRefused>> for OrderResult {
    fn from(result: Result<(), CalibrationRefused>) -> Self {
        match result {
            Ok(()) => Self::Done,
            Err(CalibrationRefused::NoEcho) => Self::NoSignal,
            Err(CalibrationRefused::KnownFlow) => Self::Value,
            Err(CalibrationRefused::TooFarOff) => Self::TooFarOff,
            Err(CalibrationRefused::Unsteady) => Self::Unsteady,
        }
    }
}

impl From<Result<(), ZeroRefused>> for OrderResult {
    fn from(result: Result<(), ZeroRefused>) -> Self {
        match result {
            Ok(()) => Self::Done,
            Err(ZeroRefused::NoSignal) => Self::NoSignal,
            Err(ZeroRefused::TooFarOff) => Self::TooFarOff,
            Err(ZeroRefused::Unsteady) => Self::Unsteady,
        }
    }
}

/// Something that must stand before it is told.
#[derive(Clone, Copy, Debug, Default)]
struct Delay {
    periods: u32,
}

impl Delay {
    fn bit(&mut self, stands: bool, bit: u32) -> u32 {
        self.periods = if stands { self.periods.saturating_add(1) } else { 0 };
        if self.periods >= ALARM_PERIODS { bit } else { 0 }
    }
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Sensing {
    meter: FlowMeter,
    pressures: Pressures,
    levitation: Reader<LevitationMail>,
    orders: Reader<CircuitOrderMail>,
    /// Number of the last order, 0 if there was none; `None` before the first period.
    last_number: Option<u32>,
    refusal_periods: u32,
    /// The order that is under way, its number, and for how many periods.
    running: Option<(CircuitOrder, u32, u32)>,
    has_new_pump: bool,
    /// What meter, pump and lung were compared by holds no more.
    has_new_reference: bool,
    alarms: [Delay; 3],
}

impl Sensing {
    /// Nothing is calibrated.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &FlowMeterConfig) -> Result<Self, ConfigError> {
        let period_us = TaskId::Circulation.slot().period_us();
        Ok(Self {
            meter: FlowMeter::new(config)?,
            pressures: Pressures::new(),
            levitation: Reader::new(period_us),
            orders: Reader::new(period_us),
            last_number: None,
            refusal_periods: 0,
            running: None,
            has_new_pump: false,
            has_new_reference: false,
            alarms: [Delay::default(); 3],
        })
    }

    /// Flow of each shot of the last period, not filtered; see [`FlowMeter::estimates_lpm`].
    #[must_use]
    pub fn estimates_lpm(&self) -> &[f32; BATCH] {
        self.meter.estimates_lpm()
    }

    /// One period: writes what is measured into `into`.
    pub fn step(&mut self, samples: &CirculationInputs, mail: &Mailboxes, into: &mut CirculationMail) {
        self.levitation.poll(&mail.levitation);
        self.orders.poll(&mail.circuit_order);
        let order = self.orders.latest();
        let before = *self.last_number.get_or_insert(order.map_or(0, |order| order.number));
        if let Some(order) = order.filter(|order| order.number != before) {
            self.last_number = Some(order.number);
            self.refusal_periods = REFUSAL_PERIODS;
            into.order_number = order.number;
            into.order_result = self.take_order(&order, into) as u32;
        }
        let is_clamped = matches!(self.running, Some((CircuitOrder::Clamped, ..)));
        let around = Surroundings { flow_is_zero: is_clamped, temperature_celsius: BLOOD_CELSIUS };
        let flow = self.meter.step(samples, &around);
        let levitation = self.levitation.fresh(SILENT_US_MAX);
        let pump = PumpState {
            speed_rpm: levitation.map(|mail| mail.rotor_speed_rad_per_s * RPM_PER_RAD_PER_S),
            flow_lpm: flow.is_valid.then_some(flow.flow_lpm),
        };
        let pressures = self.pressures.step(samples, &pump);
        self.go_on(&flow, pressures.zeroed.map(|(_, result)| result.into()), into);
        take_flow(&flow, into);
        take_pressures(&pressures, into);
        let [meter, pressure, bubbles] = &mut self.alarms;
        into.alarms = meter.bit(!flow.is_valid, fault::FLOW_METER)
            | pressure.bit(!into.pressures_valid, fault::PRESSURE_SENSOR)
            | bubbles.bit(!flow.sees_bubbles, fault::BUBBLE_SENSOR);
    }

    /// Whether a new pump head was ordered, once.
    pub fn take_new_pump(&mut self) -> bool {
        core::mem::take(&mut self.has_new_pump)
    }

    /// Whether a part was exchanged or the flow weighed, once: what was compared before says nothing.
    pub fn take_new_reference(&mut self) -> bool {
        core::mem::take(&mut self.has_new_reference)
    }

    /// Begins an order, or carries it out; `seen` is of the period before.
    fn take_order(&mut self, order: &CircuitOrderMail, seen: &CirculationMail) -> OrderResult {
        let Some(kind) = CircuitOrder::from_code(order.kind) else { return OrderResult::Unknown };
        if self.running.is_some() {
            return OrderResult::Busy;
        }
        if let Some((least, most, _)) = kind.range()
            && !(least..=most).contains(&order.value)
        {
            return OrderResult::Value;
        }
        let result = self.carry_out(kind, order.value, seen);
        if result == OrderResult::Running {
            self.running = Some((kind, order.number, 0));
        }
        result
    }

    /// Ends the order that is under way when its time has come.
    fn go_on(&mut self, flow: &FlowReading, zeroed: Option<OrderResult>, into: &mut CirculationMail) {
        let Some((kind, number, periods)) = &mut self.running else { return };
        *periods = periods.saturating_add(1);
        self.refusal_periods = self.refusal_periods.saturating_sub(1);
        if self.refusal_periods == 0 {
            (into.order_number, into.order_result) = (*number, OrderResult::Running as u32);
        }
        let ended = match kind {
            CircuitOrder::Clamped if flow.flow_lpm.abs() > CLAMPED_LPM_MAX => Some(OrderResult::TooFarOff),
            CircuitOrder::Clamped => (*periods >= CLAMPED_PERIODS).then(|| self.meter.has_zero().into()),
            CircuitOrder::KnownFlow => flow.weighed.map(OrderResult::from),
            _ => zeroed,
        };
        let given_up = (*periods >= ORDER_PERIODS_MAX).then_some(OrderResult::NoSignal);
        let Some(result) = ended.or(given_up) else { return };
        if *kind == CircuitOrder::Clamped && result != OrderResult::Done {
            self.meter.drop_zero();
        }
        self.has_new_reference |= *kind == CircuitOrder::KnownFlow && result == OrderResult::Done;
        (into.order_number, into.order_result) = (*number, result as u32);
        if ended.is_none() {
            self.meter.stop_weighing();
        }
        self.running = None;
    }

    fn carry_out(&mut self, kind: CircuitOrder, value: f32, seen: &CirculationMail) -> OrderResult {
        match kind {
            CircuitOrder::Clamped if !seen.flow_valid => return OrderResult::NoSignal,
            CircuitOrder::Clamped if seen.flow_lpm.abs() > CLAMPED_LPM_MAX => return OrderResult::TooFarOff,
            CircuitOrder::Clamped => {}
            CircuitOrder::KnownFlow => {
                if let Err(refused) = self.meter.weigh(value) {
                    return Err(refused).into();
                }
            }
            CircuitOrder::Saline => return self.meter.calibrate_in_saline(value).into(),
            CircuitOrder::ZeroDrainage => self.pressures.zero(Site::Drainage),
            CircuitOrder::ZeroPreMembrane => self.pressures.zero(Site::PreMembrane),
            CircuitOrder::ZeroReturn => self.pressures.zero(Site::Return),
            CircuitOrder::NewLung => {
                self.pressures.exchange_lung();
                self.has_new_reference = true;
                return OrderResult::Done;
            }
            CircuitOrder::NewPump if !seen.flow_valid => return OrderResult::NoSignal,
            CircuitOrder::NewPump => {
                (self.has_new_pump, self.has_new_reference) = (true, true);
                return OrderResult::Done;
            }
        }
        OrderResult::Running
    }
}

fn take_flow(flow: &FlowReading, into: &mut CirculationMail) {
    into.flow_lpm = flow.flow_lpm;
    into.flow_valid = flow.is_valid;
    into.flow_quality = flow.quality;
    into.fluid = flow.fluid as u32;
    into.haematocrit_pct = flow.haematocrit_pct.unwrap_or(f32::NAN);
    into.bubbles_valid = flow.sees_bubbles;
    into.bubble_count = flow.bubble_count;
    into.bubble_ml = flow.bubble_ml;
    into.air_ml = flow.air_ml;
}

fn take_pressures(pressures: &PressureReading, into: &mut CirculationMail) {
    into.drainage_pressure_mmhg = pressures.drainage.pressure_mmhg;
    into.drainage_trouble = pressures.drainage.trouble;
    into.pre_membrane_pressure_mmhg = pressures.pre_membrane.pressure_mmhg;
    into.pre_membrane_trouble = pressures.pre_membrane.trouble;
    into.return_pressure_mmhg = pressures.back.pressure_mmhg;
    into.return_trouble = pressures.back.trouble;
    into.pressures_valid =
        pressures.drainage.is_valid() && pressures.pre_membrane.is_valid() && pressures.back.is_valid();
    into.lung_mmhg_per_lpm = pressures.lung.map_or(f32::NAN, |lung| lung.value);
    let ratio = |resistance: Option<super::pressures::Resistance>| {
        resistance.and_then(|resistance| resistance.ratio).unwrap_or(f32::NAN)
    };
    into.lung_ratio = ratio(pressures.lung);
    into.drainage_cannula_ratio = ratio(pressures.drainage_cannula);
    into.return_cannula_ratio = ratio(pressures.return_cannula);
}
