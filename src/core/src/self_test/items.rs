// SPDX-License-Identifier: Apache-2.0
//! What the self-test looks at, item by item: the limit, where it comes from, and what a failure means.

macro_rules! items {
    ($($code:literal $variant:ident $name:literal [$unit:literal] $failed:ident $what:literal, $limit:literal, $source:literal;)+) => {
        /// An item of the self-test.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum Item {
            $( #[doc = $what] $variant = $code, )+
        }

        /// How many items there are.
        pub const ITEMS: usize = [$($code),+].len();

        /// Bits of the items with which a unit must not drive the head.
        pub const BLOCKING: u32 = $( ($failed as u32) << $code )|+;

        impl Item {
            /// All of them, in the order of their bits.
            pub const ALL: [Self; ITEMS] = [$( Self::$variant ),+];

            /// As logs and the page spell it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// Unit of what is measured; empty: nothing is.
            #[must_use]
            pub const fn unit(self) -> &'static str {
                match self { $( Self::$variant => $unit, )+ }
            }

            /// What is allowed.
            #[must_use]
            pub const fn limit(self) -> &'static str {
                match self { $( Self::$variant => $limit, )+ }
            }

            /// What is checked, its limit, and where that comes from.
            #[must_use]
            pub const fn texts(self) -> [&'static str; 3] {
                match self { $( Self::$variant => [$what, $limit, $source], )+ }
            }
        }
    };
}

/// The unit could not hold the rotor or would not be believed by the pair, or nobody knows what it would do.
const BLOCKS: bool = true;
/// It can hold the rotor and pump all the same.
const WARNS: bool = false;

items! {
    0 Ram "ram" [""] BLOCKS "RAM keeps what is written to it.", "as the image says", "the image, before it starts the tasks";
    1 Flash "flash" [""] BLOCKS "The program in flash is what was built.", "its CRC", "the image, before it starts the tasks";
    2 Calibration "calibration" [""] WARNS "No copy of the calibration record was refused.", "fault calibration", "calibration/mod.rs; the other copy or the defaults are in force";
    3 Displacement "displacement" [""] BLOCKS "Both axes of the displacement are seen, with the noise of a living sensor.", "faults displacement and samples_stale in 0.4 s", "what the pair calls unfit";
    4 HallElements "hall_elements" [""] WARNS "No single displacement Hall is open, stuck, noisy or drifting.", "faults hall_element, hall_drift, interference in 0.4 s", "the other element of the pair carries on";
    5 RotorPlace "rotor_place" ["um"] BLOCKS "A rotor that nobody holds lies at the wall; one that the other unit holds is where that one sees it.", "mean of 0.4 s: 0.8 to 1.2 of the clearance from the centre; within 60 um of the other unit's, else it warns", "k_x pushes it there; which of two units sees it wrongly only the pair can tell";
    6 AngleHalls "angle_halls" ["mdeg"] WARNS "The rotor angle is seen, with the noise of living sensors.", "faults angle and sensorless in 0.4 s; a spread of 20 mdeg", "a rotor that turns is driven by its back-EMF; one that stands may not start";
    7 CurrentSensors "current_sensors" ["A"] BLOCKS "Current sensors of coils and phases show nothing while everything is open.", "0.1 A; fault current, then and while coils and phases have current", "offset 20 mA and noise 5 mA of the plant's sensors";
    8 Supply "supply" ["V"] BLOCKS "The bus is measured, and high enough; a low one warns.", "faults bus_voltage and bus_sag in 0.4 s: 36 V", "where the motor begins to take less";
    9 DriveLine "drive_line" [""] WARNS "The drive line of the other unit carries its current, and says what its frames say.", "alarms line_broken and line_doubted", "the link tells who drives, too";
    10 Link "link" [""] WARNS "The other unit is heard.", "a fast frame within 2 ms", "a unit that is alone is none that has failed: not fitted";
    11 Gate "gate" [""] BLOCKS "The own drive line opens the own gate: a coil carries half of what it is asked for.", "0.075 A", "without a gate nothing is held";
    12 CoilXResistance "coil_x_resistance" ["ohm"] BLOCKS "Coil x conducts: 0.15 A at 300 Hz, the part in phase.", "0.6 to 1.8 of the calibration", "corners of the design +-20 %, times 1.2 for a coil that is 50 K warmer, -0.1 to +0.2 ohm for a rotor that moves at the wall: 0.7 to 1.64";
    13 CoilYResistance "coil_y_resistance" ["ohm"] BLOCKS "Coil y, likewise.", "likewise", "likewise";
    14 CoilXInductance "coil_x_inductance" ["mH"] BLOCKS "Coil x has all its turns: the other part of the same.", "0.7 to 1.3 of the calibration", "corners of the design +-20 %; 7 % less where the rotor slides at the wall";
    15 CoilYInductance "coil_y_inductance" ["mH"] BLOCKS "Coil y, likewise.", "likewise", "likewise";
    16 PhaseShort "phase_short" [""] BLOCKS "No motor phase lies on a rail: 0.5 A that turn 250 times a second, which no rotor follows.", "fault phase_short in 0.15 s", "motor/phase_monitor.rs; the bridge would stay open";
    17 PhaseOpen "phase_open" [""] WARNS "Every motor phase conducts, by the same current.", "fault phase_open in 0.15 s", "motor/phase_monitor.rs; the motor runs on two phases";
    18 Battery "battery" ["%"] WARNS "Battery and mains are measured, and the charge lasts for more than 15 minutes.", "conditions battery_unknown, battery_weak, battery_15_min, battery_5_min", "power/conditions.rs; how strong it is needs the load test of a minute";
    19 CutOut "cut_out" [""] WARNS "The cut-out of the warming device speaks, and permits.", "its trip; that of its start is waited for", "warming/cutout.rs; nothing can be said to it, so it cannot be made to open";
    20 HallAnswer "hall_answer" ["um"] BLOCKS "Both pairs of displacement Halls show what their coil does while it has current: its field, and the rotor that follows.", "a quarter of the calibrated field of 0.15 A, 0.19 um; not run where that is under 0.1 um", "noise of 1 um is 0.03 um in 0.1 s; bearing/answer.rs";
    21 Windings "windings" [""] WARNS "Coils and phases pass their test current at rest and do not leak to the stator.", "fault winding in 0.4 s; not fitted where no test has run", "a path of its own, 50 mA at most: also beside a unit that drives";
}

impl Item {
    /// Its bit in the words of the report.
    #[must_use]
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// A unit in which it has failed must not drive the head.
    #[must_use]
    pub const fn blocks(self) -> bool {
        BLOCKING & self.bit() != 0
    }
}
