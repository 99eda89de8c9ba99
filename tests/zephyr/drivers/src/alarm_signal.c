/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of buzzer and light against emulated outputs and a PWM that keeps what it is told. */

#include <levitas/alarm_signal.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/gpio/gpio_emul.h>
#include <zephyr/ztest.h>

#include "test_pwm.h"

#define RED_PIN    4
#define YELLOW_PIN 5
#define CHANNEL    2

static const struct device *const dev = DEVICE_DT_GET(DT_NODELABEL(alarm_signal));
static const struct device *const gpio = DEVICE_DT_GET(DT_NODELABEL(gpio0));

static void is_lit(bool red, bool yellow)
{
	zassert_equal(gpio_emul_output_get(gpio, RED_PIN), red ? 0 : 1, "red is active low");
	zassert_equal(gpio_emul_output_get(gpio, YELLOW_PIN), yellow ? 1 : 0);
}

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	pwm.error = 0;
	zassert_true(device_is_ready(dev));
	zassert_ok(levitas_alarm_signal_set(dev, 0, LEVITAS_ALARM_LIGHT_NONE));
	pwm.calls = 0;
}

ZTEST(alarm_signal, test_a_light_is_the_only_one)
{
	is_lit(false, false);
	zassert_ok(levitas_alarm_signal_set(dev, 0, LEVITAS_ALARM_LIGHT_RED));
	is_lit(true, false);
	zassert_ok(levitas_alarm_signal_set(dev, 0, LEVITAS_ALARM_LIGHT_YELLOW));
	is_lit(false, true);
	zassert_ok(levitas_alarm_signal_set(dev, 0, LEVITAS_ALARM_LIGHT_NONE));
	is_lit(false, false);
	zassert_equal(pwm.calls, 0, "the tone has not changed");
}

ZTEST(alarm_signal, test_a_tone_has_its_frequency_and_half_of_its_period)
{
	zassert_ok(levitas_alarm_signal_set(dev, 262, LEVITAS_ALARM_LIGHT_NONE));
	zassert_equal(pwm.channel, CHANNEL);
	zassert_within(pwm.period_cycles, TEST_PWM_HZ / 262, 1, "%u us", pwm.period_cycles);
	zassert_within(2 * pwm.pulse_cycles, pwm.period_cycles, 2);
	zassert_ok(levitas_alarm_signal_set(dev, 262, LEVITAS_ALARM_LIGHT_RED));
	zassert_equal(pwm.calls, 1, "a tone that goes on is not begun again");
	zassert_ok(levitas_alarm_signal_set(dev, 0, LEVITAS_ALARM_LIGHT_RED));
	zassert_equal(pwm.pulse_cycles, 0, "silent");
	is_lit(true, false);
}

ZTEST(alarm_signal, test_what_fails_is_tried_again_and_takes_the_light_not_along)
{
	pwm.error = -EIO;
	zassert_equal(levitas_alarm_signal_set(dev, 370, LEVITAS_ALARM_LIGHT_YELLOW), -EIO);
	is_lit(false, true);
	zassert_equal(levitas_alarm_signal_set(dev, 370, LEVITAS_ALARM_LIGHT_YELLOW), -EIO);
	zassert_equal(pwm.calls, 2);
	pwm.error = 0;
	zassert_ok(levitas_alarm_signal_set(dev, 370, LEVITAS_ALARM_LIGHT_YELLOW));
	zassert_within(pwm.period_cycles, TEST_PWM_HZ / 370, 1);
}

ZTEST_SUITE(alarm_signal, NULL, NULL, before, NULL, NULL);
