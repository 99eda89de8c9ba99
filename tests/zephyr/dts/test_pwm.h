/* SPDX-License-Identifier: Apache-2.0 */
/** @file PWM that keeps what it is told; included by the one file of a suite that looks at it. */
#ifndef LEVITAS_TEST_PWM_H_
#define LEVITAS_TEST_PWM_H_

#define DT_DRV_COMPAT levitas_test_pwm

#include <zephyr/drivers/pwm.h>

#define TEST_PWM_HZ 1000000

static struct {
	uint32_t channel;
	uint32_t period_cycles;
	uint32_t pulse_cycles;
	uint32_t calls;
	/** What a call gives back; unless 0 it changes nothing. */
	int error;
} pwm;

static int test_pwm_set_cycles(const struct device *dev, uint32_t channel, uint32_t period_cycles,
			       uint32_t pulse_cycles, pwm_flags_t flags)
{
	ARG_UNUSED(dev);
	ARG_UNUSED(flags);
	pwm.calls++;
	if (pwm.error == 0) {
		pwm.channel = channel;
		pwm.period_cycles = period_cycles;
		pwm.pulse_cycles = pulse_cycles;
	}
	return pwm.error;
}

static int test_pwm_get_cycles_per_sec(const struct device *dev, uint32_t channel, uint64_t *cycles)
{
	ARG_UNUSED(dev);
	ARG_UNUSED(channel);
	*cycles = TEST_PWM_HZ;
	return 0;
}

static const struct pwm_driver_api test_pwm_api = {
	.set_cycles = test_pwm_set_cycles,
	.get_cycles_per_sec = test_pwm_get_cycles_per_sec,
};

DEVICE_DT_INST_DEFINE(0, NULL, NULL, NULL, NULL, POST_KERNEL, CONFIG_PWM_INIT_PRIORITY, &test_pwm_api);

#endif /* LEVITAS_TEST_PWM_H_ */
