/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Heater of the warming device, and the pump that moves its water.
 *
 * The heater has power only through its switch and its relay; the relay is held by a monostable that wants edges, so
 * that a task that stands still opens it. The relay of the cut-out is no part of this device: see cut_out.h.
 */
#ifndef LEVITAS_HEATER_H_
#define LEVITAS_HEATER_H_

#include <stdbool.h>
#include <stdint.h>
#include <zephyr/device.h>

/** One command; stands until the next one. */
struct levitas_heater_command {
	/** Part of the time in which the switch is closed, 0 to 1. */
	float duty;
	/** The relay is closed as long as `alive` alternates. */
	bool relay;
	bool water_pump;
	/** Alternates with every command. */
	bool alive;
};

/** One sample. */
struct levitas_heater_sample {
	/**
	 * Electric power, mean since the last sample [W]; where the switch closes for whole waves of the mains, over as
	 * many of them as its binding says.
	 */
	float power_w;
	/** Current that it takes and does not give back [mA]. */
	float leakage_ma;
	/** Water through the exchanger [L/min]. */
	float water_flow_lpm;
	/** Water over what belongs in [1]. */
	float water_level;
};

/** @cond driver */
struct levitas_heater_api {
	int (*apply)(const struct device *dev, const struct levitas_heater_command *command);
	/* Meters, pump and heater at once: without one of them there is no sample. */
	int (*fetch)(const struct device *dev, struct levitas_heater_sample *sample);
};
/** @endcond */

/**
 * Applies a command. A duty beyond 0 to 1 is limited to it.
 * -EINVAL: the duty is not a number; -EIO: the thermal fuse is open, or is not sensed. Switch and relay open, the pump
 * does as it is told.
 */
static inline int levitas_heater_apply(const struct device *dev, const struct levitas_heater_command *command)
{
	const struct levitas_heater_api *api = dev->api;

	return api->apply(dev, command);
}

/** Takes a sample. -EIO: a meter does not vouch for its part of it. */
static inline int levitas_heater_fetch(const struct device *dev, struct levitas_heater_sample *sample)
{
	const struct levitas_heater_api *api = dev->api;

	return api->fetch(dev, sample);
}

#endif /* LEVITAS_HEATER_H_ */
