// SPDX-License-Identifier: Apache-2.0
//! Every number of a plant, a circuit and a patient: name, unit, meaning, allowed range.
//!
//! The build script reads this file too, so that a parameter file with a missing or unknown key, or a value
//! outside its range, fails the build. The equations are in `docs/world.md` and in the modules that use them.

use levitas_core::config::Field;
use levitas_core::ranged_struct;

ranged_struct! {
    /// The levitated rotor and the passive magnetic forces on it.
    pub struct Rotor: f64 {
        /// Mass without entrained fluid [kg].
        mass_kg: 1.0e-3..=10.0,
        /// Moment of inertia about the axis of rotation, for the gyroscopic moment [kg m2].
        inertia_polar_kg_m2: 1.0e-8..=0.1,
        /// Moment of inertia about a diameter [kg m2].
        inertia_transverse_kg_m2: 1.0e-8..=0.1,
        /// Negative radial stiffness of the bearing: pushes away from the centre [N/m].
        k_x_n_per_m: 0.0..=200.0e3,
        /// Circulatory cross coupling as a fraction of the negative stiffness [1].
        k_x_cross_fraction: -0.5..=0.5,
        /// Angle of the coil frame against the sensor frame [deg].
        force_angle_error_deg: -30.0..=30.0,
        /// Radius of the touchdown circle [m].
        clearance_m: 50.0e-6..=5.0e-3,
        /// Passive axial stiffness, restoring [N/m].
        axial_stiffness_n_per_m: 100.0..=200.0e3,
        /// Axial damping [N s/m].
        axial_damping_n_s_per_m: 0.0..=1000.0,
        /// Axial distance to the stop on either side [m].
        axial_clearance_m: 50.0e-6..=10.0e-3,
        /// Hydraulic thrust along +z at 4000 rpm, grows with speed squared [N].
        axial_thrust_n: -50.0..=50.0,
        /// Passive tilt stiffness, restoring [N m/rad].
        tilt_stiffness_n_m_per_rad: 0.01..=100.0,
        /// Tilt damping [N m s/rad].
        tilt_damping_n_m_s_per_rad: 0.0..=1.0,
        /// Product of inertia that rotates with the rotor [kg m2].
        dynamic_unbalance_kg_m2: 0.0..=1.0e-5,
        /// Axial distance of the radial sensors from the centre of mass [m].
        sensor_plane_offset_m: -50.0e-3..=50.0e-3,
        /// Axial distance of the bearing's force from the centre of mass [m].
        actuator_plane_offset_m: -50.0e-3..=50.0e-3,
        /// Gravity along x [m/s2].
        gravity_x_m_per_s2: -20.0..=20.0,
        /// Gravity along y [m/s2].
        gravity_y_m_per_s2: -20.0..=20.0,
        /// Gravity along z, the rotor axis [m/s2].
        gravity_z_m_per_s2: -20.0..=20.0,
        /// Distance of the centre of mass from the axis of rotation [m].
        eccentricity_m: 0.0..=1.0e-3,
        /// Damping of radial motion by eddy currents [N s/m].
        eddy_damping_n_s_per_m: 0.0..=1000.0,
        /// Hydraulic radial force; its direction turns with flow [N].
        static_radial_force_n: 0.0..=50.0,
    }
}

ranged_struct! {
    /// Fluid between rotor and housing: a short annular film as wide as the clearance.
    pub struct RotorFluid: f64 {
        /// Radius of the rotor [m].
        radius_m: 1.0e-3..=0.2,
        /// Axial length of the film [m].
        length_m: 1.0e-3..=0.2,
        /// Dynamic viscosity [Pa s], also of the circuit's fluid.
        viscosity_pa_s: 1.0e-5..=0.1,
        /// Density [kg/m3], also of the circuit's fluid.
        density_kg_per_m3: 1.0..=2000.0,
    }
}

ranged_struct! {
    /// Bearing coil of one axis and one winding set.
    pub struct Bearing: f64 {
        /// Force-current factor for small currents [N/A].
        k_i_n_per_a: 0.1..=200.0,
        /// Resistance [ohm].
        resistance_ohm: 0.01..=100.0,
        /// Self inductance [H].
        inductance_h: 1.0e-5..=0.1,
        /// Current at which the force-current factor has lost 5 % [A].
        current_a_max: 0.1..=100.0,
        /// Voltage per radial velocity [V s/m].
        motion_emf_v_s_per_m: 0.0..=200.0,
        /// Mutual over self inductance of the same axis in the two sets [1].
        set_mutual_coupling: 0.0..=0.95,
    }
}

ranged_struct! {
    /// Three-phase motor with surface magnets, per winding set.
    pub struct Motor: f64 {
        /// Pole pairs [1].
        pole_pairs: 1.0..=10.0,
        /// Flux linkage of the magnets, peak per phase [Wb].
        flux_linkage_wb: 1.0e-4..=1.0,
        /// Resistance of a phase [ohm].
        phase_resistance_ohm: 0.01..=100.0,
        /// Inductance of a phase with the other two carrying the return current [H].
        phase_inductance_h: 1.0e-5..=0.1,
        /// Rated current [A].
        current_a_max: 0.1..=100.0,
        /// Wiring of the phases [1]: 1, or below 0 for B and C exchanged.
        phase_order: -1.0..=1.0,
        /// Inertia of spin: rotor and entrained fluid [kg m2].
        inertia_kg_m2: 1.0e-8..=0.1,
    }
}

ranged_struct! {
    /// Power stages of one unit.
    pub struct Drive: f64 {
        /// Supply of the DC bus without load [V].
        bus_voltage_v: 1.0..=100.0,
        /// Capacitance of the DC bus [F].
        bus_capacitance_f: 1.0e-4..=1.0,
        /// Resistance between supply and bus: cable, contacts, diode; it takes no current back [ohm].
        supply_resistance_ohm: 1.0e-3..=10.0,
        /// Power that the unit's electronics takes from the DC bus [W].
        electronics_w: 0.0..=100.0,
        /// Switching frequency [Hz]; the world averages over it.
        pwm_hz: 1.0e3..=1.0e6,
        /// Rate of the levitation task [Hz]; the world's step is fixed to it.
        control_hz: 20.0e3..=20.0e3,
        /// Delay from the sample to the middle of the voltage it causes [periods]; fixed by the world's timing.
        delay_periods: 1.5..=1.5,
        /// Time that the bus lasts after a loss of supply [s]; the capacitance is what makes it.
        hold_up_s: 0.0..=1.0,
    }
}

ranged_struct! {
    /// Current sensors of coils and phases.
    pub struct CurrentSensor: f64 {
        /// Step of the converter [A].
        lsb_a: 0.0..=1.0,
        /// Noise per sample [A rms].
        noise_rms_a: 0.0..=1.0,
        /// Size of the zero errors, whose sign alternates from channel to channel [A].
        offset_a: -1.0..=1.0,
        /// Size of the gain errors, whose sign alternates from channel to channel [1].
        gain_error: -0.5..=0.5,
    }
}

ranged_struct! {
    /// Displacement Halls: one differential pair per axis and Hall set.
    pub struct DisplacementSensor: f64 {
        /// Difference of a pair per displacement [V/m].
        v_per_m: 10.0..=1.0e5,
        /// Step of the converter, as displacement [m].
        lsb_m: 0.0..=1.0e-4,
        /// Noise per sample of the difference, as displacement [m rms].
        noise_rms_m: 0.0..=1.0e-4,
        /// First-order bandwidth [Hz].
        bandwidth_hz: 100.0..=1.0e6,
        /// Error of the target that turns once per revolution [m].
        runout_1x_m: 0.0..=1.0e-3,
        /// Error of the target that turns twice per revolution [m].
        runout_2x_m: 0.0..=1.0e-3,
        /// Reading per current in the own axis' coil [m/A].
        coil_pickup_m_per_a: -1.0e-4..=1.0e-4,
        /// Reading per current in the other axis' coil [m/A].
        coil_pickup_cross_m_per_a: -1.0e-4..=1.0e-4,
        /// Reading per motor current along the axis [m/A].
        motor_pickup_m_per_a: -1.0e-4..=1.0e-4,
        /// Reading per current in the same axis' coil of the other set [m/A].
        other_set_pickup_m_per_a: -1.0e-4..=1.0e-4,
        /// Mid level of the element x+ less the nominal one [V].
        element_offset_x_plus_v: -0.5..=0.5,
        /// Mid level of the element x- less the nominal one [V].
        element_offset_x_minus_v: -0.5..=0.5,
        /// Mid level of the element y+ less the nominal one [V].
        element_offset_y_plus_v: -0.5..=0.5,
        /// Mid level of the element y- less the nominal one [V].
        element_offset_y_minus_v: -0.5..=0.5,
        /// Gain of the element x+ over the nominal one [1].
        element_gain_x_plus: 0.5..=1.5,
        /// Gain of the element x- over the nominal one [1].
        element_gain_x_minus: 0.5..=1.5,
        /// Gain of the element y+ over the nominal one [1].
        element_gain_y_plus: 0.5..=1.5,
        /// Gain of the element y- over the nominal one [1].
        element_gain_y_minus: 0.5..=1.5,
        /// Change of gain with temperature [1/K].
        gain_drift_per_k: -0.1..=0.1,
        /// Change of zero with temperature [m/K].
        offset_drift_m_per_k: -1.0e-4..=1.0e-4,
    }
}

ranged_struct! {
    /// Angle Halls: two in quadrature per Hall set.
    pub struct AngleSensor: f64 {
        /// Noise per sample and Hall, as an angle [rad rms].
        noise_rms_rad: 0.0..=1.0,
        /// Mounting error of the pair [rad].
        offset_error_rad: -1.0..=1.0,
        /// Difference of the amplitudes [1].
        amplitude_mismatch: -0.5..=0.5,
    }
}

ranged_struct! {
    /// Centrifugal pump: head H = a n^2 - b n Q - c Q|Q| and shaft torque, n in krpm, Q in L/min.
    pub struct Pump: f64 {
        /// Shut-off head [mmHg/krpm2].
        a_mmhg_per_krpm2: 0.1..=1000.0,
        /// Loss that grows with speed and flow [mmHg/(krpm L/min)].
        b_mmhg_per_krpm_lpm: -100.0..=100.0,
        /// Loss that grows with flow squared [mmHg/(L/min)2].
        c_mmhg_per_lpm2: 0.0..=100.0,
        /// Volume of fluid in the head [mL].
        priming_volume_ml: 0.1..=1000.0,
        /// Torque of disc friction at 3.6 mPa s [mN m/krpm2].
        torque_disc_mn_m_per_krpm2: 0.0..=100.0,
        /// Torque of flow at 1055 kg/m3 [mN m/(krpm L/min)].
        torque_flow_mn_m_per_krpm_lpm: 0.0..=100.0,
    }
}

ranged_struct! {
    /// Ultrasonic transit-time meter across the tubing.
    pub struct FlowMeter: f64 {
        /// Inner diameter of the tubing [m].
        diameter_m: 1.0e-3..=0.1,
        /// Angle of the path against the axis of the tubing, as the meter assumes [deg].
        path_angle_deg: 10.0..=80.0,
        /// Width of the beam over the diameter [1]; 1 sees all of the flow.
        beam_width_fraction: 0.01..=1.0,
        /// Straight tubing before the meter [m].
        straight_length_m: 1.0e-3..=10.0,
        /// Time in walls and cables, part of every transit time [s].
        wall_delay_s: 0.0..=1.0e-4,
        /// Its change with temperature [s/K].
        wall_delay_s_per_k: -1.0e-7..=1.0e-7,
        /// Angle of the path less the assumed one [deg].
        path_angle_error_deg: -5.0..=5.0,
        /// Timing noise of a single shot [s rms].
        timing_noise_rms_s: 0.0..=1.0e-6,
        /// Error of the time difference at zero flow [s].
        zero_drift_s: -1.0e-8..=1.0e-8,
        /// Its change with temperature [s/K].
        zero_drift_s_per_k: -1.0e-10..=1.0e-10,
        /// Shots in each direction [1/s].
        shots_per_s: 100.0..=1.0e5,
        /// Noise of the amplitude of a single shot [1, rms].
        amplitude_noise_rms: 0.0..=0.2,
        /// Below this part of the amplitude in clear fluid the receiver finds no echo [1].
        echo_amplitude_min: 0.0..=0.9,
    }
}

ranged_struct! {
    /// Pressure sensors of the circuit.
    pub struct PressureSensor: f64 {
        /// Noise per sample [mmHg rms].
        noise_rms_mmhg: 0.0..=50.0,
        /// Size of the zero errors, whose sign alternates from site to site [mmHg].
        offset_mmhg: -50.0..=50.0,
        /// First-order lag [s].
        lag_s: 1.0e-4..=10.0,
    }
}

ranged_struct! {
    /// Drive line between the units.
    pub struct DriveLine: f64 {
        /// Time after an edge for which its receiver counts the line as driving [s].
        monostable_s: 1.0e-5..=0.01,
        /// Time after an edge for which its sender's gates may stay open [s].
        own_monostable_s: 1.0e-5..=0.01,
        /// Samples that must agree [1].
        debounce_samples: 1.0..=100.0,
    }
}

ranged_struct! {
    /// Cannula: pressure drop = resistance Q|Q|.
    pub struct Cannula: f64 {
        /// Pressure drop per flow squared [mmHg/(L/min)2].
        resistance_mmhg_per_lpm2: 0.0..=1.0e5,
    }
}

ranged_struct! {
    /// How tubing and lung stretch; below 0.01 on either side all of the circuit is rigid.
    pub struct Compliance: f64 {
        /// Drainage tubing [mL/mmHg].
        drainage_ml_per_mmhg: 0.0..=2.0,
        /// Membrane lung, pump and return tubing [mL/mmHg].
        return_ml_per_mmhg: 0.0..=2.0,
    }
}

ranged_struct! {
    /// What both cannulas make of another fluid than the water that they are measured with.
    pub struct CannulaLaw: f64 {
        /// Resistance goes with the kinematic viscosity to this power [1]: 0 as on the chart, 0.25 turbulent.
        viscosity_exponent: 0.0..=1.0,
    }
}

ranged_struct! {
    /// A length of tubing.
    pub struct Tubing: f64 {
        /// Length [m].
        length_m: 0.0..=20.0,
        /// Inner diameter [m].
        diameter_m: 1.0e-3..=0.1,
    }
}

ranged_struct! {
    /// Membrane lung: pressure drop = resistance Q.
    pub struct MembraneLung: f64 {
        /// Pressure drop per flow [mmHg/(L/min)].
        resistance_mmhg_per_lpm: 0.0..=1.0e4,
        /// Blood in it [mL]; it takes its time to pass air and heat.
        volume_ml: 1.0..=1000.0,
    }
}

ranged_struct! {
    /// Clamp on the return tubing: closed at the start, opened by the staff when the pump can carry the flow.
    pub struct ReturnClamp: f64 {
        /// Time from closed to open [s].
        opening_s: 0.05..=100.0,
        /// Pump head above the patient's return pressure at which it is opened [mmHg].
        head_margin_mmhg: 0.0..=1000.0,
        /// Pressure drop = this times (1/opening^2 - 1) Q|Q| [mmHg/(L/min)2].
        resistance_mmhg_per_lpm2: 0.01..=100.0,
    }
}

ranged_struct! {
    /// No patient: fixed pressures where the circuit ends.
    pub struct FixedPatient: f64 {
        /// Pressure at the tip of the drainage cannula [mmHg].
        venous_pressure_mmhg: -50.0..=200.0,
        /// Pressure at the tip of the return cannula [mmHg].
        arterial_pressure_mmhg: -50.0..=300.0,
    }
}

/// One table of a parameter file.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Name of the table in the file; empty for keys outside of any table.
    pub key: &'static str,
    /// Name of the member that holds it.
    pub member: &'static str,
    /// Name of its type.
    pub type_name: &'static str,
    /// Its numbers.
    pub fields: &'static [Field<f64>],
}

/// A key that takes several numbers at once.
#[derive(Clone, Copy, Debug)]
pub struct VectorKey {
    /// Name of the table.
    pub section: &'static str,
    /// Name of the key.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// The fields that hold its numbers, in order.
    pub components: &'static [&'static str],
}

/// The keys that take several numbers.
pub const VECTOR_KEYS: &[VectorKey] = &[
    VectorKey {
        section: "rotor",
        name: "gravity_m_per_s2",
        doc: "Gravity along x, y, z [m/s2].",
        components: &["gravity_x_m_per_s2", "gravity_y_m_per_s2", "gravity_z_m_per_s2"],
    },
    VectorKey {
        section: "sensor.displacement",
        name: "element_offset_v",
        doc: "Mid levels of the elements x+, x-, y+, y- less the nominal one [V].",
        components: &[
            "element_offset_x_plus_v",
            "element_offset_x_minus_v",
            "element_offset_y_plus_v",
            "element_offset_y_minus_v",
        ],
    },
    VectorKey {
        section: "sensor.displacement",
        name: "element_gain",
        doc: "Gains of the elements x+, x-, y+, y- over the nominal one [1]; both of a pair are that axis' gain.",
        components: &[
            "element_gain_x_plus",
            "element_gain_x_minus",
            "element_gain_y_plus",
            "element_gain_y_minus",
        ],
    },
];

/// Declares a struct that is made of ranged structs, one per table of its file.
macro_rules! assembly {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$doc:meta])+ $member:ident : $type:ident = $key:literal ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            $( $(#[$doc])+ pub $member: $type, )+
        }

        impl $name {
            /// The tables of its file, in order.
            pub const SECTIONS: &'static [Section] = &[
                $( Section {
                    key: $key,
                    member: stringify!($member),
                    type_name: stringify!($type),
                    fields: $type::FIELDS,
                } ),+
            ];

            /// Visits every table until one returns something.
            #[allow(dead_code, reason = "the build script has no use for it")]
            pub(crate) fn find<T>(
                &mut self,
                mut visit: impl FnMut(&'static str, &mut dyn Ranged) -> Option<T>,
            ) -> Option<T> {
                $( if let Some(found) = visit($key, &mut self.$member) { return Some(found); } )+
                None
            }
        }
    };
}

/// What all ranged structs of f64 have in common.
#[allow(dead_code, reason = "the build script has no use for it")]
pub(crate) trait Ranged {
    fn check_fields(&self) -> Result<(), levitas_core::config::ConfigError<f64>>;
    fn named_mut(&mut self, name: &str) -> Option<&mut f64>;
}

macro_rules! ranged {
    ($($type:ident),+ $(,)?) => { $(
        impl Ranged for $type {
            fn check_fields(&self) -> Result<(), levitas_core::config::ConfigError<f64>> {
                self.check()
            }
            fn named_mut(&mut self, name: &str) -> Option<&mut f64> {
                self.field_mut(name)
            }
        }
    )+ };
}

ranged!(
    Rotor,
    RotorFluid,
    Bearing,
    Motor,
    Drive,
    CurrentSensor,
    DisplacementSensor,
    AngleSensor,
    Pump,
    FlowMeter,
    PressureSensor,
    DriveLine,
    Warming,
    Battery,
    Cannula,
    CannulaLaw,
    Compliance,
    Tubing,
    MembraneLung,
    ReturnClamp,
    FixedPatient,
    BloodVolume,
    Heart,
    SystemicVessels,
    VenaCava,
    PulmonaryVessels,
    Cannulation,
);

assembly! {
    /// A pump head with its bearing, motor, drives and sensors.
    pub struct Plant {
        /// The levitated rotor.
        rotor: Rotor = "rotor",
        /// The film around it.
        rotor_fluid: RotorFluid = "rotor.fluid",
        /// Bearing coils.
        bearing: Bearing = "bearing",
        /// Motor windings.
        motor: Motor = "motor",
        /// Power stages.
        drive: Drive = "drive",
        /// Current sensors.
        sensor_current: CurrentSensor = "sensor.current",
        /// Displacement Halls.
        sensor_displacement: DisplacementSensor = "sensor.displacement",
        /// Angle Halls.
        sensor_angle: AngleSensor = "sensor.angle",
        /// Hydraulics.
        pump: Pump = "pump",
        /// Flow meter.
        flow_meter: FlowMeter = "flow_meter",
        /// Pressure sensors.
        pressure_sensor: PressureSensor = "pressure_sensor",
        /// Drive line.
        drive_line: DriveLine = "drive_line",
        /// Warming device.
        warming: Warming = "warming",
        /// Battery of each unit.
        battery: Battery = "battery",
    }
}

assembly! {
    /// Cannulas, tubing and membrane lung between the patient and the pump.
    pub struct Circuit {
        /// From the patient.
        drainage_cannula: Cannula = "drainage_cannula",
        /// Drainage cannula to pump.
        drainage_tubing: Tubing = "drainage_tubing",
        /// Pump to membrane lung.
        pump_tubing: Tubing = "pump_tubing",
        /// Membrane lung.
        membrane_lung: MembraneLung = "membrane_lung",
        /// Membrane lung to return cannula.
        return_tubing: Tubing = "return_tubing",
        /// To the patient.
        return_cannula: Cannula = "return_cannula",
        /// Both cannulas.
        cannulas: CannulaLaw = "cannulas",
        /// How it stretches.
        compliance: Compliance = "compliance",
        /// Clamp on the return tubing; that on the drainage tubing is like it, and open at the start.
        return_clamp: ReturnClamp = "return_clamp",
    }
}

#[path = "parameters/patient.rs"]
mod patient;
pub use patient::{
    BloodVolume, Cannulation, Heart, LivingPatient, PulmonaryVessels, SystemicVessels, VenaCava,
};

#[path = "parameters/power.rs"]
mod power;
pub use power::Battery;

#[path = "parameters/warming.rs"]
mod warming;
pub use warming::Warming;

/// What the circuit is connected to.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "there is one of it, and nothing allocates")]
pub enum Patient {
    /// `kind = "fixed"`.
    Fixed(FixedPatient),
    /// `kind = "living"`.
    Living(LivingPatient),
}

impl Patient {
    /// Values of `kind`, in the order of the variants.
    pub const KINDS: [&'static str; 2] = ["fixed", "living"];
}
