/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Alarm signal of a unit: its buzzer and its light. What is heard and lit when is decided in the core
 * (src/core/src/alarms/pattern.rs); this only switches it.
 */
#ifndef LEVITAS_ALARM_SIGNAL_H_
#define LEVITAS_ALARM_SIGNAL_H_

#include <zephyr/device.h>

/** Colour of the light; the numbers are those of the core. */
enum levitas_alarm_light {
	LEVITAS_ALARM_LIGHT_NONE = 0,
	LEVITAS_ALARM_LIGHT_RED = 1,
	LEVITAS_ALARM_LIGHT_YELLOW = 2,
};

/** @cond driver */
struct levitas_alarm_signal_api {
	int (*set)(const struct device *dev, uint32_t tone_hz, enum levitas_alarm_light light);
};
/** @endcond */

/**
 * Sounds a tone [Hz], 0 for none, and shows a light, until the next call. What is so already is not written again.
 * Tries both; the negative errno of the first that fails, which the next call tries again.
 */
static inline int levitas_alarm_signal_set(const struct device *dev, uint32_t tone_hz, enum levitas_alarm_light light)
{
	const struct levitas_alarm_signal_api *api = dev->api;

	return api->set(dev, tone_hz, light);
}

#endif /* LEVITAS_ALARM_SIGNAL_H_ */
