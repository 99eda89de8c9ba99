/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * One single-ended channel of any of Zephyr's ADCs, in volts.
 */
#ifndef LEVITAS_ANALOG_H_
#define LEVITAS_ANALOG_H_

#include <errno.h>
#include <zephyr/drivers/adc.h>

/** Readies a channel. -ENODEV: its converter is not ready. */
static inline int analog_setup(const struct adc_dt_spec *channel)
{
	return adc_is_ready_dt(channel) ? adc_channel_setup_dt(channel) : -ENODEV;
}

/** Reads a channel [V]. -ERANGE: at the end of its range, or anything above it; else the errno of the converter. */
static inline int analog_read_v(const struct adc_dt_spec *channel, float *volt)
{
	/* Converters of up to 16 bits write half a word. */
	const bool is_half = channel->resolution <= 16;
	uint16_t half = 0;
	int32_t whole = 0;
	struct adc_sequence sequence = {
		.buffer = is_half ? (void *)&half : (void *)&whole,
		.buffer_size = is_half ? sizeof(half) : sizeof(whole),
	};
	int32_t full_mv = channel->channel_cfg.reference == ADC_REF_INTERNAL ? (int32_t)adc_ref_internal(channel->dev)
									     : (int32_t)channel->vref_mv;
	int error = adc_sequence_init_dt(channel, &sequence);

	if (error == 0) {
		error = adc_read_dt(channel, &sequence);
	}
	if (error == 0) {
		error = adc_gain_invert(channel->channel_cfg.gain, &full_mv);
	}
	if (error != 0) {
		return error;
	}
	whole = is_half ? half : whole;
	if (whole >= (int32_t)BIT_MASK(channel->resolution)) {
		return -ERANGE;
	}
	*volt = 1.0e-3f * (float)full_mv * (float)whole / (float)BIT(channel->resolution);
	return 0;
}

#endif /* LEVITAS_ANALOG_H_ */
