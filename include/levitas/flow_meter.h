/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Flow meter: ultrasonic transit times across the return tubing.
 *
 * The device reports times, not a flow: diameter, angle and sound speed are calibration, and that is the
 * circulation task's business. A time-of-flight chip keeps its shots in a FIFO; the driver takes the means of each
 * millisecond from it, for a bubble is in the path for a few milliseconds only.
 */
#ifndef LEVITAS_FLOW_METER_H_
#define LEVITAS_FLOW_METER_H_

#include <zephyr/device.h>

/** Shots that a driver keeps for the next fetch; older ones are lost. */
#define LEVITAS_FLOW_SHOTS_MAX 10

/** Means of the shots of one millisecond; all zero: no echo within the meter's window. */
struct levitas_flow_shot {
	/** Transit time against positive flow [s]. */
	float transit_up_s;
	/** Transit time with positive flow [s]. */
	float transit_down_s;
	/** Received amplitude as a fraction of the one in clear fluid. */
	float amplitude;
};

/** @cond driver */
struct levitas_flow_meter_api {
	int (*fetch)(const struct device *dev, struct levitas_flow_shot shots[LEVITAS_FLOW_SHOTS_MAX]);
};
/** @endcond */

/**
 * Takes the shots since the last fetch, oldest first. Returns how many. If there is none: -ENODEV: it has not answered since
 * the start, and is asked ten times a second; -EIO: it does not answer any more, or not credibly; -ETIMEDOUT: a shot does not end; -EBUSY: its interrupt line is stuck.
 */
static inline int levitas_flow_meter_fetch(const struct device *dev,
					   struct levitas_flow_shot shots[LEVITAS_FLOW_SHOTS_MAX])
{
	const struct levitas_flow_meter_api *api = dev->api;

	return api->fetch(dev, shots);
}

#endif /* LEVITAS_FLOW_METER_H_ */
