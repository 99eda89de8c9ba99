// SPDX-License-Identifier: Apache-2.0
//! What is wrong with the circulation: the alarm conditions of the circulation task, one bit each, with what the operator reads.
//!
//! Each sentence says what has happened and what is done about it. None of these stops the pump.

use crate::code::bit_table;

bit_table! {
    0 FLOW_LOST "flow_lost" "The flow meter is lost: flow is estimated from speed and torque, and the mode goes on with that. Suction is not watched.";
    1 FLOW_BLIND "flow_blind" "Neither flow meter nor estimate can be believed: the present speed is held.";
    2 DRAINAGE_LIMIT "drainage_limit" "The drainage pressure is at its limit: the speed is held back.";
    3 RETURN_LIMIT "return_limit" "The return pressure is at its limit: the speed is held back.";
    4 BACKFLOW_FLOOR "backflow_floor" "Less speed would let blood flow back: the speed is kept above.";
    5 BACKFLOW "backflow" "Blood flows back through the pump. If the speed does not rise at once, CLAMP THE RETURN LINE.";
    6 SUCTION "suction" "The drainage cannula sucks the vein shut: the speed dips and comes back slowly. Check volume and cannula.";
    7 INLET_OCCLUSION "inlet_occlusion" "Drainage stays narrow after the speed has dipped: look for a kink, a clamp or lost volume.";
    8 OUTLET_OCCLUSION "outlet_occlusion" "The pump turns and nothing flows: return line closed. The head heats by a kelvin a minute.";
    9 AIR_LOCK "air_lock" "The torque is gone: air in the pump head. De-air the head.";
    10 BUBBLE "bubble" "A bubble has passed the flow meter.";
    11 AIR_IN_RETURN "air_in_return" "Air on the way to the artery: flow is held at zero. CLAMP THE RETURN LINE; resume when it is clear.";
    12 LOW_FLOW "low_flow" "The flow is below its alarm limit.";
    13 ZERO_FLOW_LONG "zero_flow_long" "Zero flow has been held for long: the blood in the head heats. Resume or clamp.";
    14 RETROGRADE "retrograde" "Flow is deliberately backward: trial without support.";
    15 PRESSURE_BLIND "pressure_blind" "A pressure that limits or sets the speed cannot be believed: its limit is not watched, a mode on it holds the speed.";
    16 MEMBRANE_NEGATIVE "membrane_negative" "The pressure behind the membrane is below zero: air may be drawn through it. Stop the sweep gas, raise the return.";
    17 TRIGGER_LOST "trigger_lost" "No heartbeat is seen: pulses go on at the fixed rate.";
    18 WEANING_UNSTABLE "weaning_unstable" "The flow was not steady enough for the next step: one step back.";
    19 SWEEP_GAS "sweep_gas" "The flow has stopped: reduce the sweep gas.";
    20 NOT_REACHED "not_reached" "The set-point cannot be reached within the limits.";
    21 FLOW_DOUBTED "flow_doubted" "The flow meter says something else than speed and torque: check its fit, or weigh a known flow.";
}
