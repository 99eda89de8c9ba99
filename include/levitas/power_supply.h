/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Mains and battery of a unit: what is measured of them, the charger, and the load of the battery's test.
 *
 * The bus changes over by its diodes alone; this device commands nothing that it feels. Charger and test load have power, and
 * conduct, only while the mains are there, and the test load opens by itself after some minutes.
 */
#ifndef LEVITAS_POWER_SUPPLY_H_
#define LEVITAS_POWER_SUPPLY_H_

#include <stdbool.h>
#include <stdint.h>
#include <zephyr/device.h>

/** Bits of what a sample vouches for. */
enum levitas_power_measured {
	LEVITAS_POWER_MAINS_VOLTAGE = 1 << 0,
	LEVITAS_POWER_BATTERY_VOLTAGE = 1 << 1,
	LEVITAS_POWER_BATTERY_CURRENT = 1 << 2,
	LEVITAS_POWER_LOAD_CURRENT = 1 << 3,
};

/** One sample: means since the last one. */
struct levitas_power_sample {
	/** Supply of the mains before its diode [V]. */
	float mains_v;
	/** Terminals of the battery [V]. */
	float battery_v;
	/** What the battery gives; below 0 it is charged [A]. */
	float battery_a;
	/** Current into the bus of the unit, whatever feeds it [A]. */
	float load_a;
	/** Bits of enum levitas_power_measured. */
	uint32_t measured;
};

/** @cond driver */
struct levitas_power_supply_api {
	int (*fetch)(const struct device *dev, struct levitas_power_sample *sample);
	int (*apply)(const struct device *dev, bool test_load, bool hold_charger);
};
/** @endcond */

/** Takes a sample. -EIO: nothing of it is to be believed. */
static inline int levitas_power_supply_fetch(const struct device *dev, struct levitas_power_sample *sample)
{
	const struct levitas_power_supply_api *api = dev->api;

	return api->fetch(dev, sample);
}

/** Puts the test load at the battery, or not; holds the charger, or not. Stands until the next call. */
static inline int levitas_power_supply_apply(const struct device *dev, bool test_load, bool hold_charger)
{
	const struct levitas_power_supply_api *api = dev->api;

	return api->apply(dev, test_load, hold_charger);
}

#endif /* LEVITAS_POWER_SUPPLY_H_ */
