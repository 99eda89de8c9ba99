// SPDX-License-Identifier: Apache-2.0
//! The one table of alarms. Its order is the rank: of two alarms the upper one is shown first, heard and lit.
//!
//! `docs/alarms.md` is generated from it. A bit that is no alarm stands in [`NO_ALARM`] with the reason.

use super::entry::Harm::{Death, Injury, Minor};
use super::entry::Onset::{Delayed, Immediate, Prompt};
use super::entry::When::{Always, Drives, Therapy};
use super::entry::{Alarm, Sign};
use super::silence;
use crate::arbitration::alarm as pair;
use crate::circulation::conditions as condition;
use crate::mail::fault;
use crate::power::conditions as power;
use crate::warming::conditions as warming;

/// Longer than a takeover or a hand-back leaves a rotor to nobody [ms].
const TAKEOVER_MS: u32 = 20;
/// An outage of the link, or a disturbance, that ends by itself [ms].
const PASSING_MS: u32 = 1000;

/// How many there are.
pub const COUNT: usize = 73;

/// Every alarm.
#[rustfmt::skip]
pub static ALARMS: [Alarm; COUNT] = [
    // High.
    Alarm::new("nobody_drives", Sign::Pair(pair::NOBODY_DRIVES), Therapy, Death, Immediate).after_ms(TAKEOVER_MS)
        .says("PUMP STANDS", "CLAMP THE RETURN LINE. Lift the rotor off with either unit, or move the head to a spare drive."),
    Alarm::new("air_in_return", Sign::Circulation(condition::AIR_IN_RETURN), Drives, Death, Immediate)
        .says("AIR: CLAMP RETURN LINE", "CLAMP THE RETURN LINE and remove the air. Resume when the line is clear."),
    Alarm::new("bearing_lost", Sign::Fault(fault::BEARING_LOST), Always, Death, Immediate).latching()
        .says("BEARING OF THIS UNIT LOST", "The other unit carries on. If the pump stands: CLAMP THE RETURN LINE. Change this unit."),
    Alarm::new("displacement", Sign::Fault(fault::DISPLACEMENT), Always, Death, Immediate)
        .says("ROTOR POSITION LOST", "The other unit should take the head. Prepare a spare drive."),
    Alarm::new("levitation_silent", Sign::Silence(silence::LEVITATION), Always, Death, Immediate)
        .says("BEARING CONTROL STOPPED", "The other unit should take the head. If the pump stands: CLAMP THE RETURN LINE."),
    Alarm::new("air_lock", Sign::Circulation(condition::AIR_LOCK), Drives, Death, Prompt).found_within_ms(500)
        .says("AIR IN PUMP HEAD", "Clamp the return line, de-air the head, then resume."),
    Alarm::new("backflow", Sign::Circulation(condition::BACKFLOW), Drives, Death, Prompt).found_within_ms(500)
        .says("BLOOD FLOWS BACK", "Raise the speed, or clamp the return line."),
    Alarm::new("outlet_occlusion", Sign::Circulation(condition::OUTLET_OCCLUSION), Drives, Death, Prompt).found_within_ms(12000)
        .says("RETURN LINE CLOSED", "Look for a clamp or a kink between pump and patient, and open it."),
    Alarm::new("low_flow", Sign::Circulation(condition::LOW_FLOW), Drives, Death, Prompt).found_within_ms(8000)
        .says("LOW FLOW", "Look at volume, cannulas and clamps, then at set-point and alarm limit."),
    Alarm::new("touchdown", Sign::Fault(fault::TOUCHDOWN), Always, Death, Prompt).latching()
        .says("ROTOR TOUCHED", "Look for haemolysis. Change the pump head as soon as the patient allows it."),
    Alarm::new("restarted", Sign::Fault(fault::RESTARTED), Always, Death, Prompt).latching()
        .says("RESTARTED: ROTOR MAY HAVE RUBBED", "Inspect the pump and watch plasma free haemoglobin. Change the pump head as soon as the patient allows it."),
    Alarm::new("stall", Sign::Fault(fault::STALL), Always, Death, Prompt)
        .says("ROTOR DOES NOT TURN", "CLAMP THE RETURN LINE. Hand the head over, or change it: a clot may hold the rotor."),
    Alarm::new("phase_short", Sign::Fault(fault::PHASE_SHORT), Always, Death, Prompt).latching()
        .says("MOTOR SHORTED", "The other unit carries on. Change this unit and its motor cable."),
    Alarm::new("overspeed", Sign::Fault(fault::OVERSPEED), Always, Death, Prompt)
        .says("PUMP TOO FAST", "Look for air in the head. Hand the head over to the other unit."),
    Alarm::new("membrane_negative", Sign::Circulation(condition::MEMBRANE_NEGATIVE), Drives, Death, Prompt).found_within_ms(1000)
        .says("SUCTION BEHIND MEMBRANE LUNG", "Stop the sweep gas, raise the flow or the patient's return line: air may enter the blood."),
    Alarm::new("circulation_silent", Sign::Silence(silence::CIRCULATION), Therapy, Death, Prompt)
        .says("FLOW CONTROL STOPPED", "The speed stays what it was, no limit is watched. Hand the head over to the other unit."),
    Alarm::new("therapy_lost", Sign::Fault(fault::THERAPY_LOST), Drives, Death, Prompt).found_within_ms(1000)
        .says("SET MODE AND LIMITS", "The speed stays what it was; this unit does not know the therapy. Set mode and limits anew."),
    Alarm::new("overheated", Sign::Warming(warming::OVERHEATED), Always, Death, Prompt).found_within_ms(500)
        .says("TOO WARM: HEATER OFF", "Look at the patient's temperature. If the water stays hot, unplug the warming device; set the target anew when it is cool."),
    Alarm::new("battery_5_min", Sign::Power(power::BATTERY_5_MIN), Always, Death, Prompt).found_within_ms(2000)
        .says("BATTERY: UNDER 5 MINUTES", "Plug the unit in NOW, or hand the head over to the other one."),
    // Medium.
    Alarm::new("isolated", Sign::Pair(pair::ISOLATED), Therapy, Death, Delayed).found_within_ms(1000)
        .says("THIS UNIT HAS FAILED", "The other unit drives without a backup. Read the faults; rejoin says what is missing. Or change this unit."),
    Alarm::new("no_backup", Sign::Pair(pair::NO_BACKUP), Therapy, Death, Delayed).after_ms(PASSING_MS)
        .says("NO BACKUP", "Look at the other unit: power, faults, cables. Have a spare drive at hand."),
    Alarm::new("both_drive", Sign::Pair(pair::BOTH_DRIVE), Therapy, Injury, Prompt).after_ms(TAKEOVER_MS)
        .says("BOTH UNITS DRIVE", "The windings heat: look at the drive line cables, then let the host be the backup."),
    Alarm::new("suction", Sign::Circulation(condition::SUCTION), Drives, Injury, Prompt).found_within_ms(1000).sounds_after_ms(2000).escalates_after_s(60)
        .says("SUCTION", "Give volume, look at the drainage cannula and the patient's posture, or ask for less flow; resume when it is mended."),
    Alarm::new("inlet_occlusion", Sign::Circulation(condition::INLET_OCCLUSION), Drives, Injury, Prompt).found_within_ms(5000).escalates_after_s(60)
        .says("DRAINAGE NARROW", "Look for a kink or a clamp in the drainage line, or for lost volume."),
    Alarm::new("bubble", Sign::Circulation(condition::BUBBLE), Drives, Injury, Prompt)
        .says("BUBBLE", "Look for air in the circuit and for a leak in the drainage line."),
    Alarm::new("sweep_gas", Sign::Circulation(condition::SWEEP_GAS), Drives, Injury, Prompt).found_within_ms(11000)
        .says("REDUCE SWEEP GAS", "Almost no blood flows: reduce the sweep gas until it does."),
    Alarm::new("retrograde", Sign::Circulation(condition::RETROGRADE), Drives, Injury, Prompt)
        .says("RETROGRADE TRIAL", "Blood flows back on purpose: stay at the bedside, end the trial by any other mode."),
    Alarm::new("zero_flow_long", Sign::Circulation(condition::ZERO_FLOW_LONG), Drives, Injury, Prompt).found_within_ms(121000).escalates_after_s(120)
        .says("ZERO FLOW FOR LONG", "The blood in the head heats by a kelvin a minute: go on with a flow, or clamp and stop."),
    Alarm::new("cut_out", Sign::Warming(warming::CUT_OUT), Always, Injury, Prompt).found_within_ms(10500)
        .says("HEATER CUT OUT", "Nothing is heated: cover the patient. Find out what was too warm, then press the button of the cut-out."),
    Alarm::new("heater", Sign::Warming(warming::HEATER), Always, Injury, Prompt).found_within_ms(1200)
        .says("HEATER FAILED", "Nothing is heated: cover the patient. Unplug the warming device and use another one."),
    Alarm::new("water_loop", Sign::Warming(warming::WATER_LOOP), Always, Injury, Prompt).found_within_ms(2200)
        .says("NO WATER FLOW", "Nothing is heated: look at level, hoses and pump of the water, and for water in the circuit's surroundings."),
    Alarm::new("temperature_sensor", Sign::Warming(warming::TEMPERATURE_SENSOR), Always, Injury, Prompt).found_within_ms(11500)
        .says("TEMPERATURE SENSOR", "Compare with another thermometer on the patient, then set the target anew or let the water be followed."),
    Alarm::new("warming_silent", Sign::Silence(silence::WARMING), Always, Injury, Prompt).found_within_ms(700)
        .says("WARMING STOPPED", "Nothing is heated: cover the patient, and use another warming device."),
    Alarm::new("flow_blind", Sign::Circulation(condition::FLOW_BLIND), Drives, Death, Delayed)
        .says("FLOW UNKNOWN", "The speed is held. Look at the flow meter; judge the flow by the patient."),
    Alarm::new("pressure_blind", Sign::Circulation(condition::PRESSURE_BLIND), Drives, Death, Delayed)
        .says("PRESSURE LIMIT NOT WATCHED", "Look at the pressure sensors and their lines. Watch the tubing for chatter."),
    Alarm::new("flow_meter", Sign::Fault(fault::FLOW_METER), Always, Death, Delayed).found_within_ms(1000)
        .says("FLOW METER", "The flow is estimated and suction is not watched: watch the tubing. Look at the sensor's fit on the tube."),
    Alarm::new("flow_doubted", Sign::Circulation(condition::FLOW_DOUBTED), Drives, Death, Delayed).found_within_ms(4000)
        .says("FLOW METER DOUBTED", "Look at the sensor's fit, or compare with a known flow."),
    Alarm::new("pressure_sensor", Sign::Fault(fault::PRESSURE_SENSOR), Always, Death, Delayed).found_within_ms(1000)
        .says("PRESSURE SENSOR", "Look at the sensor, its line and its zero: it is missing, frozen, wild, drifting or exchanged."),
    Alarm::new("bubble_sensor", Sign::Fault(fault::BUBBLE_SENSOR), Always, Death, Delayed).found_within_ms(1000)
        .says("BUBBLES NOT WATCHED", "Look at the flow and bubble sensor on the return line; watch the line yourself."),
    Alarm::new("challenged", Sign::Pair(pair::CHALLENGED), Therapy, Death, Delayed).after_ms(TAKEOVER_MS)
        .says("UNITS DISAGREE", "One unit sees the rotor wrongly: call service, have a spare drive at hand."),
    Alarm::new("bearing_overload", Sign::Fault(fault::BEARING_OVERLOAD), Always, Death, Delayed).found_within_ms(1000).after_ms(100)
        .says("BEARING AT ITS LIMIT", "Look at posture, shaking and mounting of the head; lower the speed if the patient allows it."),
    Alarm::new("coil_open", Sign::Fault(fault::COIL_OPEN), Always, Death, Delayed).latching()
        .says("BEARING COIL OPEN", "The other unit should drive. Look at the coil cable of this unit."),
    Alarm::new("phase_open", Sign::Fault(fault::PHASE_OPEN), Always, Death, Delayed).latching()
        .says("MOTOR PHASE OPEN", "The other phases carry on. Hand the head over and look at the motor cable; where `levitas status` names the gate driver, switch the unit off and on."),
    Alarm::new("winding", Sign::Fault(fault::WINDING), Always, Death, Delayed).found_within_ms(20)
        .says("WINDING FAILS ITS TEST", "This unit would be a last resort: the other one should drive. Look at the cables to the head, then change this unit."),
    Alarm::new("angle", Sign::Fault(fault::ANGLE), Always, Death, Delayed).after_ms(100)
        .says("ROTOR ANGLE SENSOR", "Hand the head over, then change this unit or its Hall cable."),
    Alarm::new("sensorless", Sign::Fault(fault::SENSORLESS), Always, Death, Delayed).after_ms(100)
        .says("ROTOR ANGLE ESTIMATED", "Do not lower the speed under 500 rpm; hand the head over."),
    Alarm::new("current", Sign::Fault(fault::CURRENT), Always, Death, Delayed).after_ms(100)
        .says("CURRENT SENSOR", "A prediction stands in for it. Hand the head over and change this unit."),
    Alarm::new("hall_element", Sign::Fault(fault::HALL_ELEMENT), Always, Death, Delayed).after_ms(100)
        .says("POSITION SENSOR OUT", "The second element carries on. Hand the head over and change this unit or its Hall cable."),
    Alarm::new("hall_drift", Sign::Fault(fault::HALL_DRIFT), Always, Death, Delayed)
        .says("POSITION SENSOR DRIFTS", "The better element carries on. Hand the head over, then commission this unit anew."),
    Alarm::new("bus_voltage", Sign::Fault(fault::BUS_VOLTAGE), Always, Death, Delayed).after_ms(100)
        .says("SUPPLY NOT MEASURED", "Change this unit when the other one drives."),
    Alarm::new("bus_sag", Sign::Fault(fault::BUS_SAG), Always, Death, Delayed).after_ms(100)
        .says("SUPPLY SAGS", "Look at mains, battery and supply cable. The bearing gets what it needs, the motor less."),
    Alarm::new("battery_15_min", Sign::Power(power::BATTERY_15_MIN), Always, Death, Delayed).found_within_ms(2000)
        .says("BATTERY: UNDER 15 MINUTES", "Plug the unit in, or let it charge before it is unplugged."),
    Alarm::new("battery_weak", Sign::Power(power::BATTERY_WEAK), Always, Death, Delayed).found_within_ms(35000)
        .says("BATTERY WEAK", "Do not unplug this unit. Change its battery, then test it."),
    Alarm::new("battery_unknown", Sign::Power(power::BATTERY_UNKNOWN), Always, Death, Delayed).found_within_ms(2200)
        .says("BATTERY NOT KNOWN", "Do not unplug this unit. Change it when the other one drives."),
    Alarm::new("other_battery", Sign::Power(power::OTHER_BATTERY), Drives, Death, Delayed).found_within_ms(2200)
        .says("BACKUP: BATTERY LOW", "Plug the other unit in and let it charge. If its battery is weak or not known, change it or have a spare drive at hand."),
    Alarm::new("samples_stale", Sign::Fault(fault::SAMPLES_STALE), Always, Death, Delayed)
        .says("MEASUREMENT STANDS STILL", "The other unit should drive. Change this unit."),
    Alarm::new("speed_task_silent", Sign::Fault(fault::SPEED_TASK_SILENT), Always, Death, Delayed).after_ms(TAKEOVER_MS)
        .says("SPEED CONTROL STOPPED", "The speed stays what it was. Hand the head over to the other unit."),
    Alarm::new("supervisor_silent", Sign::Fault(fault::SUPERVISOR_SILENT), Always, Death, Delayed).after_ms(100)
        .says("UNIT TAKES NO COMMANDS", "The therapy stays as set. Do not switch this unit off; hand the head over to the other one."),
    Alarm::new("alarm_silent", Sign::Fault(fault::ALARM_SILENT), Always, Death, Delayed).found_within_ms(400)
        .says("OTHER UNIT: ALARMS STOPPED", "It shows none of its alarms: if it drives, hand the head over, then change it. Watch the patient."),
    Alarm::new("self_test", Sign::Fault(fault::SELF_TEST), Always, Death, Delayed).found_within_ms(12000)
        .says("SELF-TEST FAILED", "Read what has failed. Where lift-off is refused use the other unit; rejoin and lift only if there is none."),
    Alarm::new("settings", Sign::Fault(fault::SETTINGS), Always, Injury, Prompt).found_within_ms(100)
        .says("LIMITS OF BEFORE NOT KNOWN", "Look at every limit. When this unit does not drive, switch it off and on; if this comes back, change it. Formatting its storage erases calibration and key, too."),
    Alarm::new("line_broken", Sign::Pair(pair::LINE_BROKEN), Therapy, Death, Delayed)
        .says("DRIVE LINE BROKEN", "Look at the drive line cable between the units."),
    Alarm::new("line_doubted", Sign::Pair(pair::LINE_DOUBTED), Therapy, Death, Delayed).after_ms(TAKEOVER_MS)
        .says("DRIVE LINE DOUBTED", "Look at the drive line cable between the units."),
    Alarm::new("link_lost", Sign::Pair(pair::LINK_LOST), Therapy, Death, Delayed).after_ms(PASSING_MS)
        .says("LINK TO OTHER UNIT LOST", "Settings do not carry over now: look at the link cable."),
    Alarm::new("commands_refused", Sign::Fault(fault::COMMANDS_REFUSED), Always, Injury, Prompt).found_within_ms(200)
        .says("COMMANDS REFUSED", "The therapy stays as set. Unplug whatever sends on the link, and call service."),
    Alarm::new("link_silent", Sign::Silence(silence::LINK), Always, Death, Delayed)
        .says("LINK CONTROL STOPPED", "The other unit gets no settings from this one: hand the head over."),
    Alarm::new("protocol_version", Sign::Fault(fault::PROTOCOL_VERSION), Always, Death, Delayed)
        .says("OTHER UNIT: OTHER VERSION", "The units do not understand each other: bring both to the same firmware."),
    // Low.
    Alarm::new("not_reached", Sign::Circulation(condition::NOT_REACHED), Drives, Injury, Delayed).found_within_ms(15000)
        .says("SET-POINT NOT REACHED", "A limit holds the speed back: see which, or ask for less."),
    Alarm::new("trigger_lost", Sign::Circulation(condition::TRIGGER_LOST), Drives, Injury, Delayed).found_within_ms(3000)
        .says("NO HEART BEAT SEEN", "Pulses go on at the fixed rate: look at the electrodes, or switch pulse_by_ecg off."),
    Alarm::new("mains_lost", Sign::Power(power::MAINS_LOST), Always, Injury, Delayed).found_within_ms(50)
        .says("ON BATTERY", "See how long the battery lasts; plug the unit in."),
    Alarm::new("calibration", Sign::Fault(fault::CALIBRATION), Always, Injury, Delayed)
        .says("CALIBRATION COPY REFUSED", "The other copy, or the built-in one, is in force: commission this unit when it does not drive."),
    Alarm::new("interference", Sign::Fault(fault::INTERFERENCE), Always, Injury, Delayed).after_ms(PASSING_MS)
        .says("INTERFERENCE", "Move radio and surgical devices away from head and cables."),
    Alarm::new("weaning_unstable", Sign::Circulation(condition::WEANING_UNSTABLE), Drives, Minor, Prompt).found_within_ms(12000)
        .says("WEANING: ONE STEP BACK", "Judge whether the patient is ready, then go on or end the guide."),
];

/// Bits of [`condition`] that are no alarm of their own, and why.
pub const NO_ALARM: [(u32, &str); 4] = [
    (condition::FLOW_LOST, "what is done about the alarm flow_meter"),
    (condition::DRAINAGE_LIMIT, "what decides about the speed; not_reached is the alarm"),
    (condition::RETURN_LIMIT, "likewise"),
    (condition::BACKFLOW_FLOOR, "likewise"),
];
