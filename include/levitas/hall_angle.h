/* SPDX-License-Identifier: Apache-2.0 */
/** @file Angle Halls: two analog Halls in quadrature that see the rotor's field. */
#ifndef LEVITAS_HALL_ANGLE_H_
#define LEVITAS_HALL_ANGLE_H_

#include <zephyr/device.h>

/** One sample. */
struct levitas_hall_angle_sample {
	/** Sensor outputs less their mid level [V], order cosine, sine of the rotor angle. */
	float hall_v[2];
};

/** @cond driver */
struct levitas_hall_angle_api {
	int (*fetch)(const struct device *dev, struct levitas_hall_angle_sample *sample);
};
/** @endcond */

/** Takes the latest sample. -EIO: the sensor does not vouch for it, -ERANGE: it is outside the sensor's range. */
static inline int levitas_hall_angle_fetch(const struct device *dev, struct levitas_hall_angle_sample *sample)
{
	const struct levitas_hall_angle_api *api = dev->api;

	return api->fetch(dev, sample);
}

#endif /* LEVITAS_HALL_ANGLE_H_ */
