// SPDX-License-Identifier: Apache-2.0
//! The supervisor task: which commands are allowed when, and what the unit does next. 100 Hz.
//!
//! # States
//! As people name them, and which command is allowed in which: [`states`]. Of this task alone:
//! ```text
//! Standby --LiftOff--> LiftingOff --levitated--> Operating --Land--> Landing --rotor down--> Standby
//!                          |                      ^  ^  |               |
//!                          +--------Land--------> |  |  |               +--LiftOff, while not yet set down--+
//!                                                 |  +--|---------------------------------------------------+
//!                                                 +-----+ touchdown: the bearing lifts off again by itself
//! ```
//! Standby --Service--> Service --Land--> Standby, or --LiftOff--> LiftingOff: probing at the wall, no therapy.
//! Standby --Commission--> Commissioning --over, or stopped by Land--> Standby: see [`crate::commissioning`].
//!
//! `Land`, which [`confirmation`] may ask back, first brings the speed set-point to zero; the rotor is set down once it has been slower than
//! `land_speed_rpm_max` for 0.5 s by a trusted angle. Without a trusted angle it is set down after 60 s with
//! the motor off: the pump's drag has stopped any rotor by then. `PowerOff` does the same; when the rotor lies the unit is shut down, and
//! says so, until it is switched off, lifts off, or is given the head: a backup stays one until its power goes.
//!
//! The guide for priming ([`crate::priming`]) goes beside: it sets speeds while the rotor is held, and any order that begins something else ends it.
//!
//! # Restart
//! A supervisor that starts while the bearing holds the rotor takes over what it finds: state, set-point, and the last
//! command as carried out. Restarting this thread never drops a rotor.
//!
//! Until it has read the levitation mail whole it asks for nothing, and what the supervisor before it asked for stands. Only
//! a mailbox into which nobody has ever written is waited for no longer than `FIRST_PERIODS`: nothing is energised then.
//!
//! Commissioning is not carried on: how far it had come is lost, and the order of the phases may be unproven. The rotor is
//! held with the motor off until it is slow, then set down as by `Land`; no command calls that off. A rotor that was
//! on its way down goes on: it is held once more, then set down.
//!
//! After a reset of the whole unit `reset.rs` goes on with what was kept.
//!
//! # Stale input
//! Without news of the levitation task for `SILENT_US_MAX` the state stands: the supervisor never stops a pump
//! because it cannot see it, and never sets a rotor down whose speed it does not know.
//!
//! # The pair
//! Which unit drives the head is decided by [`crate::arbitration`] in the levitation task. What lifts the rotor off or gives the
//! coils to the probe is an order to the pair first; its answer is the command's. While the other unit drives this one stands by
//! and keeps its set-point, so that a takeover changes nothing: without news of it for [`crate::link::PEER_THERAPY_US_MAX`] the speed that the rotor
//! has is the set-point. A unit that has taken the head is Operating; one that has lost it is in Standby.
//!
//! # One command at a time
//! The mailbox holds one. Who posts waits for `command_number` before posting the next. A command of the link goes the same way, is
//! judged by the same rules and answered in `remote_number`; it does not wait: what is void by then, or meets one under way, is refused.
//!
//! # Shown by
//! `tests.rs`; `tests/scenarios/1a_levitation.toml`.

use crate::alarms::AlarmStatus;
use crate::alarms::stand_in::StandIn;
use crate::arbitration::{Isolation, Order};
use crate::circulation::flow_meter::Fluid;
use crate::circulation::therapy::{Mode, Therapy, TherapyMail};
use crate::commissioning::{Commissioning, CommissioningInput, CommissioningReport};
use crate::config::ConfigError;
use crate::link::{LinkMail, OwnTherapy, PeerReport, PeerTherapy, RemoteCommandMail};
use crate::mail::{
    BearingState, CircuitOrderMail, CirculationMail, CommandMail, LevitateRequest, LevitationMail, Mailboxes,
    SupervisorMail, UnitState, fault,
};
use crate::mailbox::Reader;
use crate::power::messages::PowerMail;
use crate::power::told::PowerTold;
use crate::priming::{Outcome, Priming};
use crate::probe::{ProbeRequest, ProbeResult};
use crate::schedule::TaskId;
use crate::self_test::SelfTest;
use crate::unit::{Role, UnitConfig};
use crate::units::RPM_PER_RAD_PER_S;
pub use command::{Command, Refusal};
use confirmation::AskedBack;
pub use confirmation::Danger;
pub use drill::PAST;
use priming::recall_priming;
pub use remote::{Answered, is_void};
use remote::{Asked, Origin};
use reset::Kept;
use states::Known;
pub use states::{Permission, SupervisorState, permission};

/// Periods for which the rotor must be slow before it is set down: 0.5 s.
const SLOW_PERIODS: u32 = TaskId::Supervisor.slot().rate_hz / 2;
/// Periods after which a rotor is set down whose angle nobody knows: 60 s, in which a pump without motor coasts down to
/// 100 rpm.
const BLIND_LAND_PERIODS: u32 = TaskId::Supervisor.slot().rate_hz.saturating_mul(60);
/// Age from which the levitation and the circulation task count as silent [us].
const SILENT_US_MAX: u32 = 50_000;
/// Age from which the clock of the link task counts as standing [us].
const LINK_SILENT_US_MAX: u32 = 20_000;
/// Periods after which an order that nobody has answered is given up: 0.2 s.
const ORDER_PERIODS_MAX: u32 = 20;
/// Periods until the other unit knows what was set here: five slow frames.
const TELL_PERIODS: u32 = 5;
/// Periods for which a levitation task that has never spoken is waited for: 50 ms.
const FIRST_PERIODS: u32 = 5;

crate::ranged_struct! {
    /// Configuration of the supervisor.
    pub struct SupervisorConfig: f32 {
        /// Speed below which the rotor may be set down [rpm].
        land_speed_rpm_max: 1.0..=500.0,
        /// Least drainage pressure, until the operator sets another [mmHg].
        first_drainage_pressure_mmhg_min: -1000.0..=0.0,
        /// Largest return pressure, until the operator sets another [mmHg].
        first_return_pressure_mmhg_max: 50.0..=1000.0,
        /// 1: the return cannula is in an artery, 0: in a vein, until the operator says otherwise.
        first_return_is_arterial: 0.0..=1.0,
        /// For how long a unit must have driven without an alarm before a takeover drill [s].
        drill_quiet_s_min: 0.0..=3600.0,
    }
}

impl SupervisorConfig {
    /// For the plant ecmo-50: 60 rpm is 0.16 m/s at the rotor's rim. Pressures: limits of use in adults.
    pub const ECMO_50: Self = Self {
        land_speed_rpm_max: 60.0,
        first_drainage_pressure_mmhg_min: -100.0,
        first_return_pressure_mmhg_max: 300.0,
        first_return_is_arterial: 1.0,
        drill_quiet_s_min: 300.0,
    };

    /// On a bench there is no patient whom a limit, the floor against backflow or a wait before a drill protects.
    pub const BENCH: Self = Self {
        first_drainage_pressure_mmhg_min: -1000.0,
        first_return_pressure_mmhg_max: 1000.0,
        first_return_is_arterial: 0.0,
        drill_quiet_s_min: 0.0,
        ..Self::ECMO_50
    };
}

/// A command whose order to the pair has not been answered.
#[derive(Clone, Copy, Debug)]
struct Awaiting {
    /// The state to which a refusal leads back.
    before: UnitState,
    asked: Asked,
    periods: u32,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct SupervisorTask {
    config: SupervisorConfig,
    role: Role,
    speed_rpm_max: f32,
    state: UnitState,
    therapy: Therapy,
    /// Modes that were set, and interventions that were ended.
    asked: u32,
    resumes: u32,
    answered: Answered,
    remote_answered: Answered,
    started: bool,
    waited_periods: u32,
    landing_periods: u32,
    slow_periods: u32,
    command: Reader<CommandMail>,
    remote: Reader<RemoteCommandMail>,
    link: Reader<LinkMail>,
    levitation: Reader<LevitationMail>,
    circulation: Reader<CirculationMail>,
    peer_therapy: Reader<PeerTherapy>,
    power: Reader<PowerMail>,
    peer_power: Reader<PowerTold>,
    alarm: Reader<AlarmStatus>,
    stand_in: StandIn,
    /// What is to be heard and seen in place of an alarm task that is silent.
    sounds: Option<AlarmStatus>,
    /// Number and code of the last order to the pair, and who waits for its answer.
    order_number: u32,
    order: u32,
    awaiting: Option<Awaiting>,
    /// This unit drives the head.
    drives: bool,
    /// The therapy is the other unit's, which drives: nothing is set here.
    mirrors: bool,
    unit: UnitConfig,
    commissioning: Option<Commissioning>,
    priming: Option<Priming>,
    circuit_order: Reader<CircuitOrderMail>,
    /// Number and result of the last order to the circuit's sensors.
    order_seen: Option<(u32, u32)>,
    /// No alarm of either unit, and no condition but limits.
    is_well: bool,
    /// Alarms of both units, and for how long this one has driven without any.
    alarms: u32,
    quiet_periods: u32,
    /// For which a state with an alarm is told after it has ended.
    unwell_periods: u32,
    /// For which nothing has flowed.
    clamped_periods: u32,
    asked_back: Option<AskedBack>,
    /// It is to be switched off as soon as the rotor lies.
    powers_off: bool,
    /// Periods since the therapy was last changed here.
    unchanged_periods: u32,
    /// The head has come to this unit, and nobody has said what it is to do.
    therapy_unknown: bool,
    /// Bits of [`fault`] that this task raises.
    own_alarms: u32,
    kept: Kept,
    own_therapy: OwnTherapy,
    self_test: Option<SelfTest>,
    /// The self-test has found what this unit should not drive with.
    is_blocked: bool,
    /// It is to leave the pair for that.
    leaves: bool,
    /// Periods until it asks for that again.
    leave_periods: u32,
}

impl SupervisorTask {
    /// A supervisor in standby. It knows the whole configuration: the speed task's limit, so that a set-point beyond it
    /// is refused and not quietly clipped, and what commissioning starts from.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(unit: &UnitConfig, role: Role) -> Result<Self, ConfigError> {
        unit.supervisor.check()?;
        unit.commissioning.check()?;
        let period_us = TaskId::Supervisor.slot().period_us();
        Ok(Self {
            config: unit.supervisor,
            role,
            speed_rpm_max: unit.speed.speed_rpm_max,
            state: UnitState::Standby,
            therapy: first_therapy(&unit.supervisor),
            asked: 0,
            resumes: 0,
            answered: Answered::default(),
            remote_answered: Answered::default(),
            started: false,
            waited_periods: 0,
            landing_periods: 0,
            slow_periods: 0,
            command: Reader::new(period_us),
            remote: Reader::new(period_us),
            link: Reader::new(period_us),
            levitation: Reader::new(period_us),
            circulation: Reader::new(period_us),
            peer_therapy: Reader::new(period_us),
            power: Reader::new(period_us),
            peer_power: Reader::new(period_us),
            alarm: Reader::new(period_us),
            stand_in: StandIn::new(),
            sounds: None,
            order_number: 0,
            order: 0,
            awaiting: None,
            drives: false,
            mirrors: false,
            unit: *unit,
            commissioning: None,
            priming: None,
            circuit_order: Reader::new(period_us),
            order_seen: None,
            is_well: false,
            alarms: 0,
            quiet_periods: 0,
            unwell_periods: 0,
            clamped_periods: 0,
            asked_back: None,
            powers_off: false,
            unchanged_periods: TELL_PERIODS,
            therapy_unknown: false,
            own_alarms: 0,
            kept: Kept::default(),
            own_therapy: OwnTherapy::default(),
            self_test: None,
            is_blocked: false,
            leaves: false,
            leave_periods: 0,
        })
    }

    /// One period.
    pub fn step(&mut self, mail: &Mailboxes) {
        self.command.poll(&mail.command);
        self.remote.poll(&mail.remote_command);
        self.link.poll(&mail.link);
        self.levitation.poll(&mail.levitation);
        self.circulation.poll(&mail.circulation);
        self.circuit_order.poll(&mail.circuit_order);
        self.peer_therapy.poll(&mail.peer_therapy);
        self.power.poll(&mail.power);
        self.peer_power.poll(&mail.peer_power);
        self.watch_alarm(mail);
        if !self.started && !self.starts(mail) {
            return;
        }
        self.watch_kept(mail);
        if let Some(levitation) = self.levitation.fresh(SILENT_US_MAX) {
            self.follow(&levitation);
            self.hear(&levitation, mail);
        }
        self.watch_quiet();
        self.watch_clamp();
        self.watch_question();
        self.unchanged_periods = self.unchanged_periods.saturating_add(1);
        self.wait();
        self.run_self_test(mail);
        self.obey(mail);
        self.obey_link(mail);
        self.run_priming(mail);
        self.commission(mail);
        self.judge_speed();
        self.release();
        self.leave();
        self.powers_off &= matches!(self.state, UnitState::Standby | UnitState::Landing);
        self.keep(mail);
        mail.therapy.write(&TherapyMail { therapy: self.therapy, asked: self.asked, resumes: self.resumes });
        mail.supervisor.write(&SupervisorMail {
            state: self.state as u32,
            levitate: self.request() as u32,
            order_number: self.order_number,
            order: self.order,
            speed_setpoint_rpm: self.therapy.settings.speed_setpoint_rpm,
            command_number: self.answered.number,
            command_result: self.answered.result,
            remote_number: self.remote_answered.number,
            remote_result: self.remote_answered.result,
            alarms: self.own_alarms,
            named_state: self.named_state(self.priming.is_some()) as u32,
        });
    }

    /// A silent alarm task: the other unit hears of it.
    fn watch_alarm(&mut self, mail: &Mailboxes) {
        let speaks = self.alarm.poll(&mail.alarm);
        self.sounds = self.stand_in.step(speaks, self.alarm.latest().is_some());
        self.own_alarms &= !fault::ALARM_SILENT;
        self.own_alarms |= if self.sounds.is_some() { fault::ALARM_SILENT } else { 0 };
    }

    /// What is to be heard and seen in place of an alarm task that is silent; none while it speaks.
    #[must_use]
    pub const fn sounds(&self) -> Option<&AlarmStatus> {
        self.sounds.as_ref()
    }

    /// First period, or as soon as it is known what the bearing does; false until then.
    #[cold]
    #[inline(never)]
    fn starts(&mut self, mail: &Mailboxes) -> bool {
        let unspoken = !mail.levitation.is_used() && self.waited_periods >= FIRST_PERIODS;
        self.started = self.levitation.latest().is_some() || unspoken;
        if self.started {
            self.take_over(mail);
        } else {
            self.waited_periods = self.waited_periods.saturating_add(1);
        }
        self.started
    }

    /// What a supervisor before this one left behind. It may have died while it wrote its own mail.
    fn take_over(&mut self, mail: &Mailboxes) {
        let last = mail.supervisor.read::<SupervisorMail>().map(|(_, last)| last);
        // What it has carried out already is not new: it must not happen again unasked.
        self.answered.number = match last {
            Some(last) => last.command_number,
            None if mail.supervisor.is_used() => self.command.latest().map_or(0, |command| command.number),
            None => 0,
        };
        self.forget_remote(last.as_ref());
        self.count_on(mail);
        let commissions = self.end_commissioning(mail, last.as_ref());
        let answered = self.levitation.latest().map_or(0, |levitation| levitation.order_number);
        (self.order_number, self.order) = last.map_or((answered, 0), |last| (last.order_number, last.order));
        // The order of the last command is under way: it is not given again.
        if self.order_number != answered {
            self.answered.number =
                self.command.latest().map_or(self.answered.number, |command| command.number);
        }
        self.drives = self.levitation.latest().is_some_and(|levitation| drives(&levitation));
        let bearing =
            self.levitation.latest().and_then(|levitation| BearingState::from_code(levitation.state));
        self.state = match bearing {
            None | Some(BearingState::Off | BearingState::Service) => UnitState::Standby,
            Some(_) if !self.drives => UnitState::Standby,
            Some(_) if commissions => UnitState::Commissioning,
            Some(BearingState::Landing) => UnitState::Landing,
            // Accepted and not done yet: what the operator wanted is not undone.
            Some(_) if last.is_some_and(|last| last.state == UnitState::Landing as u32) => UnitState::Landing,
            Some(BearingState::LiftOff | BearingState::Levitated | BearingState::Touchdown) => {
                UnitState::Operating
            }
        };
        self.powers_off = last.is_some_and(|last| last.named_state == SupervisorState::Shutdown as u32);
        self.recall(mail, last.as_ref());
        self.recall_self_test(mail);
        recall_priming(mail);
    }

    /// Whether the supervisor before this one was commissioning. That is over: the report says so, the probe lets go.
    fn end_commissioning(&self, mail: &Mailboxes, last: Option<&SupervisorMail>) -> bool {
        let report = mail.commissioning.read::<CommissioningReport>().map(|(_, report)| report);
        let running = report.is_some_and(|report| report.is_running());
        let commissions = last.map_or(running, |last| last.state == UnitState::Commissioning as u32);
        if running || commissions && report.is_none() {
            let report = report.unwrap_or_else(|| CommissioningReport::new(&self.unit));
            mail.commissioning.write(&report.cut_off());
        }
        if commissions {
            release_probe(mail);
        }
        commissions
    }

    /// On the way down: as the operator wants it, or because nobody carries commissioning on.
    fn is_landing(&self) -> bool {
        matches!(self.state, UnitState::Landing | UnitState::Commissioning) && self.commissioning.is_none()
    }

    /// State changes that the plant causes.
    fn follow(&mut self, levitation: &LevitationMail) {
        match (self.state, BearingState::from_code(levitation.state)) {
            (UnitState::LiftingOff, Some(BearingState::Levitated)) => self.state = UnitState::Operating,
            (_, Some(BearingState::Off)) if self.is_landing() => self.state = UnitState::Standby,
            _ => {}
        }
    }

    /// What the pair has decided: this unit has taken the head, or lost it.
    fn hear(&mut self, levitation: &LevitationMail, mail: &Mailboxes) {
        self.drives = drives(levitation);
        if self.awaiting.is_some_and(|_| levitation.order_number == self.order_number) {
            self.answer(levitation.order_result, mail);
        }
        if self.awaiting.is_some() {
            return;
        }
        let holds = matches!(
            BearingState::from_code(levitation.state),
            Some(BearingState::LiftOff | BearingState::Levitated | BearingState::Touchdown)
        );
        if self.drives && self.state == UnitState::Standby && holds {
            self.state = UnitState::Operating;
            self.therapy_unknown = !self.carry_on() && !self.mirrors;
            // Nobody primes with a head that was somebody's to hold.
            self.end_priming(Outcome::RotorLost);
        } else if !self.drives && self.state != UnitState::Standby {
            self.abandon(mail);
            self.state = UnitState::Standby;
        }
        self.mirrors = !self.drives && self.mirror(levitation);
        self.adopt_speed(levitation);
    }

    /// The answer to the order of a command.
    fn answer(&mut self, order_result: u32, mail: &Mailboxes) {
        let Some(awaiting) = self.awaiting.take() else { return };
        let mut result = 0;
        if order_result == 0 && self.state != awaiting.before {
            self.kept.forget();
            self.stand_still();
        }
        // One that has not left for its self-test yet was out for something else.
        if order_result == 0 && self.order == Order::Rejoin.code() && !self.leaves {
            self.waive(mail);
        }
        if order_result != 0 {
            (self.state, self.commissioning) = (awaiting.before, None);
            result = Refusal::of_order(order_result, self.isolation()) as u32;
        }
        self.conclude(awaiting.asked, result);
    }

    /// This unit does not drive any more: what it was commissioning is cut off.
    fn abandon(&mut self, mail: &Mailboxes) {
        if let Some(commissioning) = self.commissioning.take() {
            mail.commissioning.write(&commissioning.report().cut_off());
            release_probe(mail);
        }
    }

    /// An order that nobody answers is given up.
    fn wait(&mut self) {
        let Some(awaiting) = &mut self.awaiting else { return };
        awaiting.periods = awaiting.periods.saturating_add(1);
        if awaiting.periods > ORDER_PERIODS_MAX {
            (self.state, self.commissioning) = (awaiting.before, None);
            let asked = awaiting.asked;
            // Or it would be carried out when the levitation task comes back.
            (self.order_number, self.order) = (self.order_number.wrapping_add(1), 0);
            self.awaiting = None;
            self.conclude(asked, Refusal::Silent as u32);
        }
    }

    /// An order to the pair for the command that is being obeyed.
    fn order(&mut self, order: Order) {
        self.order_number = self.order_number.wrapping_add(1);
        self.order = order.code();
    }

    /// An order that changes no state of this task.
    fn ask(&mut self, order: Order, asked: Asked) {
        self.order(order);
        self.awaiting = Some(Awaiting { before: self.state, asked, periods: 0 });
    }

    /// Moves to a state in which the gates are needed; an order, unless this unit drives already.
    fn begin(&mut self, state: UnitState, alone: bool, asked: Asked) {
        if !self.drives {
            self.order(Order::Start { alone });
            // Until the pair has agreed this unit is the backup: its set-point stays that of the other one.
            self.awaiting = Some(Awaiting { before: self.state, asked, periods: 0 });
        } else {
            self.kept.forget();
            self.stand_still();
        }
        self.state = state;
    }

    /// A unit in standby lets go of the head.
    fn release(&mut self) {
        let off =
            self.levitation.latest().is_some_and(|levitation| levitation.state == BearingState::Off as u32);
        let answered =
            self.levitation.latest().is_some_and(|levitation| levitation.order_number == self.order_number);
        if self.state == UnitState::Standby && self.drives && off && answered && self.awaiting.is_none() {
            self.order(Order::Stop);
        }
    }

    /// How long the unit has been landing, and for how long the rotor has been known to be slow.
    fn judge_speed(&mut self) {
        if !self.is_landing() {
            (self.landing_periods, self.slow_periods) = (0, 0);
            return;
        }
        self.landing_periods = self.landing_periods.saturating_add(1);
        let slow = self.levitation.fresh(SILENT_US_MAX).is_some_and(|levitation| {
            let speed_rpm = levitation.rotor_speed_rad_per_s * RPM_PER_RAD_PER_S;
            levitation.faults & fault::ANGLE == 0 && speed_rpm.abs() < self.config.land_speed_rpm_max
        });
        // A rotor that is on its way down is not called back: its speed is hard to tell there.
        if self.slow_periods < SLOW_PERIODS {
            self.slow_periods = if slow { self.slow_periods.saturating_add(1) } else { 0 };
        }
    }

    /// The rotor is slow enough to be set down, or must be by now.
    fn may_set_down(&self) -> bool {
        self.slow_periods >= SLOW_PERIODS || self.landing_periods >= BLIND_LAND_PERIODS
    }

    /// Carries out a command whose number is new.
    fn obey(&mut self, mailboxes: &Mailboxes) {
        let new = |mail: &CommandMail| mail.number != self.answered.number;
        let Some(mail) = self.command.latest().filter(new).filter(|_| self.awaiting.is_none()) else {
            return;
        };
        if self.is_untold(mail.kind) {
            return;
        }
        let asked = Asked { origin: Origin::Local, number: mail.number };
        let result = Command::from_code(mail.kind, mail.value)
            .ok_or(Refusal::Unknown)
            .and_then(|command| self.apply(command, asked, mailboxes));
        if self.awaiting.is_none() {
            self.conclude(asked, result.map_or_else(|refusal| refusal as u32, |()| 0));
        }
    }

    /// The head is to be handed over, and the other unit has not heard yet what was set last.
    fn is_untold(&self, kind: u32) -> bool {
        kind == Command::HandBack.code().0 && self.unchanged_periods < TELL_PERIODS
    }

    fn apply(&mut self, command: Command, asked: Asked, mail: &Mailboxes) -> Result<(), Refusal> {
        let permission = permission(self.named_state(false), command);
        if matches!(command, Command::LiftOff | Command::LiftOffAlone | Command::Land) {
            self.end_self_test(mail);
        }
        match permission {
            Permission::Allowed => {}
            Permission::Refused(refusal) => return Err(refusal),
            Permission::Unless(refusal) if self.holds(refusal) => return Err(refusal),
            Permission::Unless(_) => {}
        }
        // What cannot be is not asked back.
        if let Command::SetMode { mode, value } = command {
            self.with_mode(mode, value)?;
        }
        if let Some(question) = self.question(command, asked) {
            return Err(question);
        }
        match command {
            Command::HandBack => self.ask(Order::HandBack, asked),
            Command::TakeoverDrill => self.ask(Order::Drill, asked),
            Command::Rejoin => self.rejoin(asked, mail),
            Command::Commission => {
                let last = mail.probe_request.read::<ProbeRequest>().map_or(0, |(_, request)| request.number);
                self.begin(UnitState::Commissioning, false, asked);
                self.commissioning = Some(Commissioning::new(&self.unit, last));
            }
            Command::Service => self.begin(UnitState::Service, false, asked),
            Command::LiftOff | Command::LiftOffAlone => match self.state {
                UnitState::Standby | UnitState::Service => {
                    self.begin(UnitState::LiftingOff, command == Command::LiftOffAlone, asked);
                }
                UnitState::Landing => self.state = UnitState::Operating,
                _ => {}
            },
            Command::Land => self.land(),
            Command::PowerOff => {
                self.land();
                self.powers_off = true;
            }
            Command::SetMode { mode, value } => {
                self.set_mode(mode, value)?;
                self.therapy_is_known();
            }
            Command::Resume => self.resumes = self.resumes.wrapping_add(1),
            Command::Set { setting, value } => self.set(setting, value)?,
            Command::Prime(order) => self.prime(order, mail)?,
        }
        self.end_priming_by(command);
        if matches!(command, Command::SetMode { .. } | Command::Set { .. } | Command::Resume) {
            self.unchanged_periods = 0;
        }
        Ok(())
    }

    /// The state as people name it, while the guide for priming is under way or not.
    fn named_state(&self, guides: bool) -> SupervisorState {
        SupervisorState::of(&Known {
            unit: self.state,
            guides,
            tests: self.self_test.is_some(),
            powers_off: self.powers_off,
            mirrors: self.mirrors,
            is_emergency_drive: self.role == Role::EmergencyDrive,
            pumps: self.pumps(),
            saline: self.circulation.latest().is_some_and(|seen| seen.fluid == Fluid::Saline as u32),
            well: self.unwell_periods == 0,
        })
    }

    /// Something is to be pumped.
    fn pumps(&self) -> bool {
        self.therapy.mode != Mode::Speed || self.therapy.settings.speed_setpoint_rpm != 0.0
    }

    /// Whether a reason that depends on the time holds now.
    fn holds(&self, refusal: Refusal) -> bool {
        match refusal {
            Refusal::IsLanding => self.may_set_down(),
            Refusal::SelfTestFailed => self.is_blocked || self.isolation() == Some(Isolation::SelfTest),
            Refusal::NotQuiet => !self.may_drill(),
            Refusal::NoGuide => self.priming.is_none(),
            Refusal::CirculationSilent => self.is_circulation_silent(),
            _ => true,
        }
    }

    /// The rotor is to be set down, or what is done to it at the wall is to end.
    fn land(&mut self) {
        match (self.state, &mut self.commissioning) {
            (_, Some(commissioning)) => commissioning.stop(),
            (UnitState::LiftingOff | UnitState::Operating, None) => {
                self.state = UnitState::Landing;
                self.stand_still();
            }
            (UnitState::Service, None) => self.state = UnitState::Standby,
            // It lies, is on its way, or nobody carries commissioning on.
            (UnitState::Standby | UnitState::Landing | UnitState::Commissioning, None) => {}
        }
    }

    /// A task that would follow a mode has been there and is not heard of any more.
    fn is_circulation_silent(&self) -> bool {
        self.circulation.latest().is_some() && self.circulation.fresh(SILENT_US_MAX).is_none()
    }

    /// One step of commissioning, if it is under way and the pair has agreed.
    fn commission(&mut self, mail: &Mailboxes) {
        if self.awaiting.is_some() {
            return;
        }
        let Some(commissioning) = &mut self.commissioning else { return };
        let input = CommissioningInput {
            levitation: self.levitation.fresh(SILENT_US_MAX),
            result: mail.probe_result.read::<ProbeResult>().map(|(_, result)| result),
        };
        if let Some(request) = commissioning.step(&input) {
            mail.probe_request.write(&request);
        }
        mail.commissioning.write(&commissioning.report());
        if commissioning.is_over() {
            self.commissioning = None;
            self.state = UnitState::Standby;
        }
    }

    /// What the bearing is to do in this state.
    fn request(&self) -> LevitateRequest {
        match self.state {
            UnitState::Standby => LevitateRequest::Off,
            UnitState::LiftingOff | UnitState::Operating => LevitateRequest::Levitate,
            UnitState::Landing | UnitState::Commissioning => match &self.commissioning {
                Some(commissioning) => commissioning.hold(),
                None if self.may_set_down() => LevitateRequest::Land,
                None => LevitateRequest::Levitate,
            },
            UnitState::Service => LevitateRequest::Service,
        }
    }
}

/// Before the operator has asked for anything.
fn first_therapy(config: &SupervisorConfig) -> Therapy {
    let mut therapy = Therapy::IDLE;
    therapy.settings.drainage_pressure_mmhg_min = config.first_drainage_pressure_mmhg_min;
    therapy.settings.return_pressure_mmhg_max = config.first_return_pressure_mmhg_max;
    therapy.settings.return_is_arterial = config.first_return_is_arterial;
    therapy
}

/// The probe lets go of what commissioning has asked it for.
fn release_probe(mail: &Mailboxes) {
    let number = mail.probe_request.read::<ProbeRequest>().map_or(0, |(_, request)| request.number);
    mail.probe_request.write(&ProbeRequest::listening(number.wrapping_add(1)));
}

/// Whether this unit drives the head.
fn drives(levitation: &LevitationMail) -> bool {
    PeerReport::from_bits(levitation.report).drives
}

mod command;
mod confirmation;
mod drill;
mod landing;
mod priming;
mod remote;
mod reset;
mod self_test;
mod settings;
mod states;
#[cfg(test)]
mod tests;
mod therapy;
