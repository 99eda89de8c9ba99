/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device of mains and battery of each unit, gathered into the core's port structs and back.
 *
 * One that fails, or was never ready, costs its valid bits and keeps no pump from running.
 */

#include <levitas/power_supply.h>
#include <string.h>
#include <zephyr/kernel.h>

#include "shim.h"

/* NULL: the unit has none. */
static const struct device *const supplies[LEVITAS_UNIT_COUNT] = {
#if !defined(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)
	[LEVITAS_UNIT_HOST] = DEVICE_DT_GET_OR_NULL(DT_PHANDLE(DT_NODELABEL(levitas_host), power_supply)),
#endif
#if !defined(CONFIG_LEVITAS_ROLE_HOST)
	[LEVITAS_UNIT_EMERGENCY_DRIVE] = DEVICE_DT_GET_OR_NULL(DT_PHANDLE(DT_NODELABEL(levitas_drive), power_supply)),
#endif
};

bool levitas_port_read_power(uint32_t unit, struct levitas_power_inputs *inputs)
{
	static const uint32_t bits[][2] = {
		{LEVITAS_POWER_MAINS_VOLTAGE, LEVITAS_VALID_MAINS_VOLTAGE},
		{LEVITAS_POWER_BATTERY_VOLTAGE, LEVITAS_VALID_BATTERY_VOLTAGE},
		{LEVITAS_POWER_BATTERY_CURRENT, LEVITAS_VALID_BATTERY_CURRENT},
		{LEVITAS_POWER_LOAD_CURRENT, LEVITAS_VALID_LOAD_CURRENT},
	};
	const struct device *supply = supplies[unit];
	struct levitas_power_sample sample;

	memset(inputs, 0, sizeof(*inputs));
	if (supply == NULL) {
		return false;
	}
	if (!device_is_ready(supply) || levitas_power_supply_fetch(supply, &sample) != 0) {
		return true;
	}
	inputs->mains_v = sample.mains_v;
	inputs->battery_v = sample.battery_v;
	inputs->battery_a = sample.battery_a;
	inputs->load_a = sample.load_a;
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
		inputs->valid |= (sample.measured & bits[i][0]) != 0 ? bits[i][1] : 0;
	}
	return true;
}

void levitas_port_write_power(uint32_t unit, const struct levitas_power_outputs *outputs)
{
	const struct device *supply = supplies[unit];

	if (supply != NULL && device_is_ready(supply)) {
		/* Charger and test load that do not answer are seen in the currents. */
		(void)levitas_power_supply_apply(supply, outputs->test_load == 1, outputs->hold_charger == 1);
	}
}
