/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Sampler: all analog inputs of the fast path, converted together once per period of the levitation task.
 *
 * The carrier of the bridges triggers it, so every sample is taken at the same quiet point between two switching
 * edges. Other devices find their inputs in it by channel index, which is the position in its io-channels.
 */
#ifndef LEVITAS_SAMPLER_H_
#define LEVITAS_SAMPLER_H_

#include <stdint.h>
#include <zephyr/device.h>

/** Inputs of one sampler. */
#define LEVITAS_SAMPLER_CHANNELS 12

/** Count at the reference voltage; 0 V is 0. */
#define LEVITAS_SAMPLER_COUNT_MAX 65535

/** What one period's conversions gave. */
struct levitas_sampler_sample {
	/** Raw counts, 0 to LEVITAS_SAMPLER_COUNT_MAX. */
	uint16_t count[LEVITAS_SAMPLER_CHANNELS];
	/** Counts periods and wraps; a step of more than one says that samples were missed. */
	uint32_t period;
	/** k_cycle_get_32() when the conversions had ended. */
	uint32_t cycles;
	/** 0, or -EIO: there has been none yet, or a converter has not finished, or has lost a conversion. */
	int error;
};

/** Called in interrupt context when a period's conversions have ended, also when they failed. */
typedef void (*levitas_sampler_handler)(void *user_data);

/** @cond driver */
struct levitas_sampler_api {
	int (*start)(const struct device *dev, levitas_sampler_handler handler, void *user_data);
	const struct levitas_sampler_sample *(*latest)(const struct device *dev);
};
/** @endcond */

/**
 * Has the handler called at every period from now on, once per boot. -EALREADY: another one is called already.
 * There are samples without it.
 */
static inline int levitas_sampler_start(const struct device *dev, levitas_sampler_handler handler, void *user_data)
{
	const struct levitas_sampler_api *api = dev->api;

	return api->start(dev, handler, user_data);
}

/**
 * The latest period's sample, whole: all counts are of one period. It stays as it is for the next period; who may be
 * kept from the processor for longer copies it with interrupts locked.
 */
static inline const struct levitas_sampler_sample *levitas_sampler_latest(const struct device *dev)
{
	const struct levitas_sampler_api *api = dev->api;

	return api->latest(dev);
}

#endif /* LEVITAS_SAMPLER_H_ */
