/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Displacement Halls: two differential pairs that look at the rotor's target ring, and the trigger of the
 * levitation task.
 *
 * The device owns the trigger because its samples decide when a period begins: on a board the end of its ADC
 * sequence, in simulation a timer. Everything else of the period was sampled at the same instant.
 */
#ifndef LEVITAS_HALL_DISPLACEMENT_H_
#define LEVITAS_HALL_DISPLACEMENT_H_

#include <zephyr/device.h>

/** One sample. */
struct levitas_hall_displacement_sample {
	/** Sensor outputs [V], order x+, x-, y+, y-. */
	float hall_v[4];
	/** Counts periods and wraps; a step of more than one says that samples were missed. */
	uint32_t sample_count;
};

/** Called in interrupt context at every trigger. */
typedef void (*levitas_hall_displacement_handler)(void *user_data);

/** @cond driver */
struct levitas_hall_displacement_api {
	int (*start)(const struct device *dev, levitas_hall_displacement_handler handler, void *user_data);
	int (*fetch)(const struct device *dev, struct levitas_hall_displacement_sample *sample);
};
/** @endcond */

/** Starts the trigger, once per boot. -EALREADY: it runs already. */
static inline int levitas_hall_displacement_start(const struct device *dev, levitas_hall_displacement_handler handler,
						  void *user_data)
{
	const struct levitas_hall_displacement_api *api = dev->api;

	return api->start(dev, handler, user_data);
}

/** Takes the latest sample. -EIO: the sensor does not vouch for it, -ERANGE: it is outside the sensor's range. */
static inline int levitas_hall_displacement_fetch(const struct device *dev,
						  struct levitas_hall_displacement_sample *sample)
{
	const struct levitas_hall_displacement_api *api = dev->api;

	return api->fetch(dev, sample);
}

#endif /* LEVITAS_HALL_DISPLACEMENT_H_ */
