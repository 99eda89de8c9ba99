/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What the simulated drivers know of the simulated plant.
 *
 * In an image it is implemented in Rust over levitas-world; the driver tests supply a fake of it. Floats travel
 * by pointer only: the two compilers need not agree how to pass them by value.
 *
 * Time: only the trigger moves the plant. A levitation thread that comes late finds that the plant has moved on
 * under its last outputs, as a real rotor would.
 *
 * Contexts: trigger, Hall, coil and phase calls belong to the levitation thread. Flow, ECG and pressure were
 * published by the trigger and may be read from any thread. What belongs to the warming device, to mains and battery may be, too.
 */
#ifndef LEVITAS_WORLD_H_
#define LEVITAS_WORLD_H_

#include <levitas/ecg.h>
#include <levitas/flow_meter.h>
#include <levitas/heater.h>
#include <levitas/power_supply.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One step of the plant; equals the levitation period [us]. */
#define LEVITAS_WORLD_PERIOD_US 50

/** Winding and Hall sets, in the order of the device-tree enum "winding-set". */
enum levitas_winding_set {
	LEVITAS_WINDING_SET_A,
	LEVITAS_WINDING_SET_B,
	LEVITAS_WINDING_SET_COUNT,
};

/** Where a pressure is taken, in the order of the device-tree enum "site". */
enum levitas_pressure_site {
	LEVITAS_PRESSURE_DRAINAGE,
	LEVITAS_PRESSURE_PRE_MEMBRANE,
	LEVITAS_PRESSURE_RETURN,
	LEVITAS_PRESSURE_SITE_COUNT,
};

/** Temperature sensors of the warming device, in the order of the device-tree enum "site". */
enum levitas_temperature_site {
	LEVITAS_TEMPERATURE_WATER_A,
	LEVITAS_TEMPERATURE_WATER_B,
	LEVITAS_TEMPERATURE_BLOOD,
	LEVITAS_TEMPERATURE_CUT_OUT_WATER,
	LEVITAS_TEMPERATURE_CUT_OUT_BLOOD,
	LEVITAS_TEMPERATURE_SITE_COUNT,
};

/**
 * Advances the plant to this period since boot with the outputs that were last latched, then samples one set.
 * The first call of all only sets the plant's clock.
 */
void levitas_world_trigger(uint32_t set, uint64_t period);

/** Displacement Halls of the last sample [V], order x+, x-, y+, y-. False: the sensor does not vouch for them. */
bool levitas_world_displacement_hall(uint32_t set, float hall_v[4]);

/** Angle Halls of the last sample less their mid level [V], order cosine, sine. */
bool levitas_world_angle_hall(uint32_t set, float hall_v[2]);

/** Coil currents x, y of the last sample [A]. */
bool levitas_world_coil_current(uint32_t set, float current_a[2]);

/** Phase currents A, B, C of the last sample [A]. */
bool levitas_world_phase_current(uint32_t set, float current_a[3]);

/** DC bus voltage of the last sample [V]. */
bool levitas_world_bus_voltage(uint32_t set, float *voltage_v);

/** What the hardware of the pair said at the last sample: bits of enum levitas_pair in coil_driver.h. */
uint32_t levitas_world_pair(uint32_t set);

/** Latches coil duties (-1 to 1), the gate, the level of the drive line and the override of the latch for the periods to come. */
void levitas_world_latch_coil(uint32_t set, const float duty[2], bool gate, bool drive_line, bool latch_override);

/** Latches phase duties (0 to 1) and the gate for the periods to come. */
void levitas_world_latch_phase(uint32_t set, const float duty[3], bool gate);

/** Shots of the flow meter's last ten milliseconds. */
struct levitas_world_flow_batch {
	/** Changes when the shots are other ones. */
	uint32_t number;
	/** How many there are. */
	uint32_t count;
	/** Oldest first. */
	struct levitas_flow_shot shots[LEVITAS_FLOW_SHOTS_MAX];
};

/** ECG of the last ten milliseconds. */
struct levitas_world_ecg_batch {
	/** Changes when the samples are other ones. */
	uint32_t number;
	/** Oldest first [mV]. */
	float ecg_mv[LEVITAS_ECG_BATCH];
};

/** The last shots. False: the meter does not answer. */
bool levitas_world_flow(struct levitas_world_flow_batch *batch);

/** The last samples of the ECG. False: an electrode is off. */
bool levitas_world_ecg(struct levitas_world_ecg_batch *batch);

/** Pressure at one site [mmHg]. */
bool levitas_world_pressure(uint32_t site, float *pressure_mmhg);

/** Samples heater and water, and with them the control's three temperatures. False: there is no warming device. */
bool levitas_world_heater(struct levitas_heater_sample *sample);

/** Samples the button of the cut-out, and with it the cut-out's two temperatures. False: likewise. */
bool levitas_world_cut_out(bool *pressed);

/** Temperature of the last sample at one site [C]. False: the sensor does not vouch for it. */
bool levitas_world_temperature(uint32_t site, float *celsius);

/** Latches the duty of the heater's switch (0 to 1), its relay, the water pump and the level that holds the relay. */
void levitas_world_latch_heater(const float *duty, bool relay, bool water_pump, bool alive);

/** Latches the level that holds the relay of the cut-out. */
void levitas_world_latch_cut_out(bool permit);

/** Samples mains and battery of the unit of a set: means since the last call. False: there is no plant. */
bool levitas_world_power(uint32_t set, struct levitas_power_sample *sample);

/** Latches the load at the battery of the unit of a set, and what holds its charger. */
void levitas_world_latch_power(uint32_t set, bool test_load, bool hold_charger);

#ifdef __cplusplus
}
#endif

#endif /* LEVITAS_WORLD_H_ */
