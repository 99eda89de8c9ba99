/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Flow meter: ultrasonic transit times across the return tubing.
 *
 * The device reports times, not a flow: diameter, angle and sound speed are calibration, and that is the
 * circulation task's business.
 */
#ifndef LEVITAS_FLOW_METER_H_
#define LEVITAS_FLOW_METER_H_

#include <zephyr/device.h>

/** Means over the shots since the last fetch. */
struct levitas_flow_meter_sample {
	/** Transit time against positive flow [s]. */
	float transit_up_s;
	/** Transit time with positive flow [s]. */
	float transit_down_s;
	/** Received amplitude as a fraction of the one in clear fluid. */
	float amplitude;
};

/** @cond driver */
struct levitas_flow_meter_api {
	int (*fetch)(const struct device *dev, struct levitas_flow_meter_sample *sample);
};
/** @endcond */

/** Takes the latest means. -EIO: no echo, -ERANGE: a time is outside the meter's window. */
static inline int levitas_flow_meter_fetch(const struct device *dev, struct levitas_flow_meter_sample *sample)
{
	const struct levitas_flow_meter_api *api = dev->api;

	return api->fetch(dev, sample);
}

#endif /* LEVITAS_FLOW_METER_H_ */
