/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * ECG amplifier: one lead, one sample per millisecond.
 */
#ifndef LEVITAS_ECG_H_
#define LEVITAS_ECG_H_

#include <zephyr/device.h>

/** Samples of a fetch: one per millisecond of the circulation task's period. */
#define LEVITAS_ECG_BATCH 10

/** @cond driver */
struct levitas_ecg_api {
	int (*fetch)(const struct device *dev, float ecg_mv[LEVITAS_ECG_BATCH]);
};
/** @endcond */

/**
 * Takes the samples since the last fetch, oldest first [mV]. -ENODEV: the amplifier has not answered since the start, and is
 * asked ten times a second; -EIO: an electrode is off or it does not answer any more, -ERANGE: it is saturated, -ETIMEDOUT: no
 * samples come, -EAGAIN: nothing new.
 */
static inline int levitas_ecg_fetch(const struct device *dev, float ecg_mv[LEVITAS_ECG_BATCH])
{
	const struct levitas_ecg_api *api = dev->api;

	return api->fetch(dev, ecg_mv);
}

#endif /* LEVITAS_ECG_H_ */
