/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Cut-out of the warming device: a relay before the heater, and the button that lets it close again.
 *
 * The relay is held by a monostable that wants an edge of `permit` every half second.
 */
#ifndef LEVITAS_CUT_OUT_H_
#define LEVITAS_CUT_OUT_H_

#include <stdbool.h>
#include <zephyr/device.h>

/** @cond driver */
struct levitas_cut_out_api {
	int (*permit)(const struct device *dev, bool level);
	int (*button)(const struct device *dev, bool *pressed);
};
/** @endcond */

/** Level of the output that holds the relay while it alternates. */
static inline int levitas_cut_out_permit(const struct device *dev, bool level)
{
	const struct levitas_cut_out_api *api = dev->api;

	return api->permit(dev, level);
}

/** Whether the button is pressed. -EIO: it cannot be read. */
static inline int levitas_cut_out_button(const struct device *dev, bool *pressed)
{
	const struct levitas_cut_out_api *api = dev->api;

	return api->button(dev, pressed);
}

#endif /* LEVITAS_CUT_OUT_H_ */
