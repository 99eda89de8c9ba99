/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices of the host's warming device, gathered into the core's port structs and back.
 *
 * A device that fails, or was never ready, costs its own valid bits and keeps no pump from running. Nothing here is
 * shared between the control and the cut-out.
 */

#include <levitas/cut_out.h>
#include <levitas/heater.h>
#include <string.h>
#include <zephyr/drivers/sensor.h>
#include <zephyr/kernel.h>

#include "shim.h"

#define WARMING      DT_PHANDLE(DT_NODELABEL(levitas_host), warming)
#define PART(member) DEVICE_DT_GET(DT_PHANDLE(WARMING, member))

#define APART(member, other)                                                                                           \
	BUILD_ASSERT(!DT_SAME_NODE(DT_PHANDLE(WARMING, member), DT_PHANDLE(WARMING, other)),                           \
		     "the cut-out has sensors of its own: " #member " is " #other)
APART(cut_out_water, water_a);
APART(cut_out_water, water_b);
APART(cut_out_blood, blood);

/* On a board: nor a converter, nor the bus of one, which a single fault can hold for all that hangs on it. */
#define CONVERTER(member) DT_IO_CHANNELS_CTLR(DT_PHANDLE(WARMING, member))
#define ALONE(member, other)                                                                                           \
	BUILD_ASSERT(!DT_SAME_NODE(CONVERTER(member), CONVERTER(other)) &&                                             \
			     !(DT_ON_BUS(CONVERTER(member), i2c) &&                                                    \
			       DT_SAME_NODE(DT_PARENT(CONVERTER(member)), DT_PARENT(CONVERTER(other)))),               \
		     DT_NODE_PATH(DT_PHANDLE(WARMING, member)) ": io-channels share converter or bus with " #other)
#if DT_NODE_HAS_PROP(DT_PHANDLE(WARMING, cut_out_water), io_channels) &&                                               \
	DT_NODE_HAS_PROP(DT_PHANDLE(WARMING, cut_out_blood), io_channels)
ALONE(cut_out_water, water_a);
ALONE(cut_out_water, water_b);
ALONE(cut_out_water, blood);
ALONE(cut_out_blood, water_a);
ALONE(cut_out_blood, water_b);
ALONE(cut_out_blood, blood);
#endif

/* The bit of a temperature in degrees Celsius through the sensor API, else none. */
static uint32_t read_celsius(const struct device *sensor, float *celsius, uint32_t bit)
{
	struct sensor_value value;

	if (!device_is_ready(sensor) || sensor_sample_fetch_chan(sensor, SENSOR_CHAN_AMBIENT_TEMP) != 0 ||
	    sensor_channel_get(sensor, SENSOR_CHAN_AMBIENT_TEMP, &value) != 0) {
		return 0;
	}
	*celsius = sensor_value_to_float(&value);
	return bit;
}

void levitas_port_read_warming(struct levitas_warming_inputs *inputs)
{
	const struct device *const heater = PART(heater);
	struct levitas_heater_sample sample = {0};

	memset(inputs, 0, sizeof(*inputs));
	/* First, because in simulation this samples what the sensors show. */
	if (device_is_ready(heater) && levitas_heater_fetch(heater, &sample) == 0) {
		inputs->heater_power_w = sample.power_w;
		inputs->leakage_ma = sample.leakage_ma;
		inputs->water_flow_lpm = sample.water_flow_lpm;
		inputs->water_level = sample.water_level;
		inputs->valid |= LEVITAS_VALID_HEATER_POWER | LEVITAS_VALID_LEAKAGE | LEVITAS_VALID_WATER_FLOW |
				 LEVITAS_VALID_WATER_LEVEL;
	}
	inputs->valid |= read_celsius(PART(water_a), &inputs->water_celsius[0], LEVITAS_VALID_WATER_A);
	inputs->valid |= read_celsius(PART(water_b), &inputs->water_celsius[1], LEVITAS_VALID_WATER_B);
	inputs->valid |= read_celsius(PART(blood), &inputs->blood_celsius, LEVITAS_VALID_BLOOD);
}

void levitas_port_write_warming(const struct levitas_warming_outputs *outputs)
{
	const struct device *const heater = PART(heater);
	const struct levitas_heater_command command = {
		.duty = outputs->heater_duty,
		.relay = outputs->heater_relay == 1,
		.water_pump = outputs->water_pump == 1,
		.alive = outputs->alive == 1,
	};

	if (device_is_ready(heater)) {
		/* A duty that is not a number has opened switch and relay already; the task sees it in the power. */
		(void)levitas_heater_apply(heater, &command);
	}
}

void levitas_port_read_cut_out(struct levitas_cut_out_inputs *inputs)
{
	const struct device *const cut_out = PART(cut_out);
	bool pressed = false;

	memset(inputs, 0, sizeof(*inputs));
	/* First, as above. A button that cannot be read is not pressed. */
	if (device_is_ready(cut_out) && levitas_cut_out_button(cut_out, &pressed) == 0) {
		inputs->reset = pressed ? 1 : 0;
	}
	inputs->valid |= read_celsius(PART(cut_out_water), &inputs->water_celsius, LEVITAS_VALID_CUT_OUT_WATER);
	inputs->valid |= read_celsius(PART(cut_out_blood), &inputs->blood_celsius, LEVITAS_VALID_CUT_OUT_BLOOD);
}

void levitas_port_write_cut_out(const struct levitas_cut_out_outputs *outputs)
{
	const struct device *const cut_out = PART(cut_out);

	if (device_is_ready(cut_out)) {
		(void)levitas_cut_out_permit(cut_out, outputs->permit == 1);
	}
}
