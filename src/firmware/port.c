/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices of each unit, gathered into the core's port structs and back.
 *
 * A device that fails costs its own valid bit and nothing else: what a missing group means is decided in the
 * task, never here.
 */

#include <levitas/alarm_signal.h>
#include <levitas/coil_driver.h>
#include <levitas/ecg.h>
#include <levitas/flow_meter.h>
#include <levitas/gate_driver.h>
#include <levitas/hall_angle.h>
#include <levitas/hall_displacement.h>
#include <levitas/motor_inverter.h>
#include <levitas/units.h>
#include <string.h>
#include <zephyr/drivers/sensor.h>
#include <zephyr/kernel.h>

#include "port.h"
#include "shim.h"

struct unit_devices {
	const struct device *hall_displacement;
	const struct device *hall_angle;
	const struct device *coil_driver;
	const struct device *motor_inverter;
	const struct device *flow_meter;
	const struct device *ecg;
	const struct device *pressure_drainage;
	const struct device *pressure_pre_membrane;
	const struct device *pressure_return;
	/* NULL: the unit has none. */
	const struct device *alarm_signal;
	const struct device *gate_driver;
};

/* The one that drives the unit's inverter. */
#define GATE_DRIVER_OF(gate_driver, node)                                                                              \
	DT_SAME_NODE(DT_PHANDLE(gate_driver, inverter), DT_PHANDLE(node, motor_inverter)) ? DEVICE_DT_GET(gate_driver) :

#define DEVICES(node)                                                                                                  \
	{                                                                                                              \
		.hall_displacement = DEVICE_DT_GET(DT_PHANDLE(node, hall_displacement)),                               \
		.hall_angle = DEVICE_DT_GET(DT_PHANDLE(node, hall_angle)),                                             \
		.coil_driver = DEVICE_DT_GET(DT_PHANDLE(node, coil_driver)),                                           \
		.motor_inverter = DEVICE_DT_GET(DT_PHANDLE(node, motor_inverter)),                                     \
		.flow_meter = DEVICE_DT_GET(DT_PHANDLE(node, flow_meter)),                                             \
		.ecg = DEVICE_DT_GET(DT_PHANDLE(node, ecg)),                                                           \
		.pressure_drainage = DEVICE_DT_GET(DT_PHANDLE(node, pressure_drainage)),                               \
		.pressure_pre_membrane = DEVICE_DT_GET(DT_PHANDLE(node, pressure_pre_membrane)),                       \
		.pressure_return = DEVICE_DT_GET(DT_PHANDLE(node, pressure_return)),                                   \
		.alarm_signal = DEVICE_DT_GET_OR_NULL(DT_PHANDLE(node, alarm_signal)),                                 \
		.gate_driver = DT_FOREACH_STATUS_OKAY_VARGS(ti_drv8353, GATE_DRIVER_OF, node) NULL,                    \
	}

static const struct unit_devices devices[LEVITAS_UNIT_COUNT] = {
#if !defined(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)
	[LEVITAS_UNIT_HOST] = DEVICES(DT_NODELABEL(levitas_host)),
#endif
#if !defined(CONFIG_LEVITAS_ROLE_HOST)
	[LEVITAS_UNIT_EMERGENCY_DRIVE] = DEVICES(DT_NODELABEL(levitas_drive)),
#endif
};

/* By unit, what its gate driver last said: the levitation task must not ask it. */
static int gate_driver_error[LEVITAS_UNIT_COUNT];

int levitas_port_gate_driver_error(uint32_t unit)
{
	return gate_driver_error[unit];
}

static void look_at_gate_driver(uint32_t unit)
{
	const struct device *gate_driver = devices[unit].gate_driver;

	if (gate_driver != NULL) {
		gate_driver_error[unit] = device_is_ready(gate_driver) ? levitas_gate_driver_check(gate_driver) : -ENODEV;
	}
}

/* Names a device that is not ready. */
static bool is_ready(uint32_t unit, const struct device *dev)
{
	const bool ready = device_is_ready(dev);

	if (!ready) {
		printk("levitas: unit %u: %s is not ready\n", unit, dev->name);
	}
	return ready;
}

int levitas_port_check(uint32_t unit)
{
	const struct unit_devices *of = &devices[unit];
	const struct device *const needed[] = {of->hall_displacement, of->hall_angle, of->coil_driver, of->motor_inverter};
	/* Without one of these a pump still pumps: its values are missing, with the alarms of that. */
	const struct device *const useful[] = {of->flow_meter, of->pressure_drainage, of->pressure_pre_membrane,
					       of->pressure_return, of->ecg};
	int error = 0;

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		error = is_ready(unit, needed[i]) ? error : -ENODEV;
	}
	for (size_t i = 0; i < ARRAY_SIZE(useful); i++) {
		(void)is_ready(unit, useful[i]);
	}
	/* Without it the rotor is held and does not turn. */
	if (of->gate_driver != NULL) {
		(void)is_ready(unit, of->gate_driver);
	}
	look_at_gate_driver(unit);
	return error;
}

int levitas_port_start(uint32_t unit, levitas_hall_displacement_handler handler, void *user_data)
{
	return levitas_hall_displacement_start(devices[unit].hall_displacement, handler, user_data);
}

/* The bit when the device did its part, else none. */
static uint32_t bit_if_ok(int error, uint32_t bit)
{
	return error == 0 ? bit : 0;
}

void levitas_port_read_levitation(uint32_t unit, struct levitas_levitation_inputs *inputs)
{
	const struct unit_devices *of = &devices[unit];
	struct levitas_hall_displacement_sample displacement = {0};
	struct levitas_hall_angle_sample angle = {0};
	struct levitas_coil_driver_sample coil = {0};
	struct levitas_motor_inverter_sample phase = {0};

	/* All others are written below, whatever the devices do. */
	inputs->valid = 0;
	inputs->bus_voltage_v = 0.0f;
	/* First, because in simulation this moves the plant that all the others look at. */
	inputs->valid |= bit_if_ok(levitas_hall_displacement_fetch(of->hall_displacement, &displacement),
				   LEVITAS_VALID_DISPLACEMENT);
	inputs->valid |= bit_if_ok(levitas_hall_angle_fetch(of->hall_angle, &angle), LEVITAS_VALID_ANGLE);
	inputs->valid |= bit_if_ok(levitas_coil_driver_fetch(of->coil_driver, &coil), LEVITAS_VALID_COIL_CURRENT);
	inputs->valid |= bit_if_ok(levitas_motor_inverter_fetch(of->motor_inverter, &phase), LEVITAS_VALID_PHASE_CURRENT);
	inputs->valid |= bit_if_ok(levitas_motor_inverter_fetch_bus_voltage(of->motor_inverter, &inputs->bus_voltage_v),
				   LEVITAS_VALID_BUS_VOLTAGE);

	/* The compiler's own, a few words where they are: Zephyr builds without knowing what memcpy is. */
	__builtin_memcpy(inputs->displacement_hall_v, displacement.hall_v, sizeof(inputs->displacement_hall_v));
	__builtin_memcpy(inputs->angle_hall_v, angle.hall_v, sizeof(inputs->angle_hall_v));
	__builtin_memcpy(inputs->coil_current_a, coil.current_a, sizeof(inputs->coil_current_a));
	__builtin_memcpy(inputs->phase_current_a, phase.phase_current_a, sizeof(inputs->phase_current_a));
	inputs->sample_count = displacement.sample_count;
	inputs->pair = coil.pair | (gate_driver_error[unit] != 0 ? LEVITAS_PAIR_GATE_DOUBTED : 0);
}

/* NULL but for bring-up. */
static levitas_port_trial running_trial;

void levitas_port_try(levitas_port_trial trial)
{
	running_trial = trial;
}

void levitas_port_write_levitation(uint32_t unit, const struct levitas_levitation_outputs *outputs)
{
	const struct unit_devices *of = &devices[unit];
	const levitas_port_trial trial = running_trial;
	struct levitas_coil_driver_command coil = {
		.duty = {outputs->coil_duty[0], outputs->coil_duty[1]},
		.gate = outputs->coil_gate != 0,
		.drive_line = outputs->drive_line != 0,
		.latch_override = outputs->latch_override != 0,
	};
	struct levitas_motor_inverter_command phase = {
		.duty = {outputs->phase_duty[0], outputs->phase_duty[1], outputs->phase_duty[2]},
		.gate = outputs->phase_gate != 0,
	};

	if (trial != NULL) {
		trial(unit, &(struct levitas_port_bridges){of->coil_driver, of->motor_inverter, &coil, &phase});
	}
	/* A duty that is not a number has opened the gates already; the task sees it in the currents. */
	(void)levitas_coil_driver_apply(of->coil_driver, &coil);
	(void)levitas_motor_inverter_apply(of->motor_inverter, &phase);
}

void levitas_port_write_alarm_signal(uint32_t unit, uint32_t tone_hz, uint32_t light)
{
	static int error_before[LEVITAS_UNIT_COUNT];
	const struct device *signal = devices[unit].alarm_signal;
	int error;

	if (signal == NULL) {
		return;
	}
	/* One that does not work keeps no pump from running. */
	error = device_is_ready(signal) ? levitas_alarm_signal_set(signal, tone_hz, light) : -ENODEV;
	if (error != error_before[unit]) {
		printk("levitas: unit %u: alarm signal: %s (%d)\n", unit, error == 0 ? "works again" : "failed", error);
	}
	error_before[unit] = error;
}

/* Pressure in mmHg through the sensor API, which speaks kilopascal. */
static int read_pressure(const struct device *transducer, float *pressure_mmhg)
{
	struct sensor_value value_kpa;
	int error = device_is_ready(transducer) ? sensor_sample_fetch_chan(transducer, SENSOR_CHAN_PRESS) : -ENODEV;

	if (error == 0) {
		error = sensor_channel_get(transducer, SENSOR_CHAN_PRESS, &value_kpa);
	}
	if (error == 0) {
		*pressure_mmhg = sensor_value_to_float(&value_kpa) / LEVITAS_KPA_PER_MMHG;
	}
	return error;
}

void levitas_port_read_circulation(uint32_t unit, struct levitas_circulation_inputs *inputs)
{
	const struct unit_devices *of = &devices[unit];
	int shot_count;

	look_at_gate_driver(unit);
	memset(inputs, 0, sizeof(*inputs));
	shot_count = device_is_ready(of->flow_meter) ? levitas_flow_meter_fetch(of->flow_meter, inputs->shots) : -ENODEV;
	if (shot_count >= 0) {
		inputs->shot_count = shot_count;
		inputs->valid |= LEVITAS_VALID_FLOW;
	}
	if (device_is_ready(of->ecg)) {
		inputs->valid |= bit_if_ok(levitas_ecg_fetch(of->ecg, inputs->ecg_mv), LEVITAS_VALID_ECG);
	}
	inputs->valid |= bit_if_ok(read_pressure(of->pressure_drainage, &inputs->drainage_pressure_mmhg),
				   LEVITAS_VALID_DRAINAGE_PRESSURE);
	inputs->valid |= bit_if_ok(read_pressure(of->pressure_pre_membrane, &inputs->pre_membrane_pressure_mmhg),
				   LEVITAS_VALID_PRE_MEMBRANE_PRESSURE);
	inputs->valid |= bit_if_ok(read_pressure(of->pressure_return, &inputs->return_pressure_mmhg),
				   LEVITAS_VALID_RETURN_PRESSURE);
}
