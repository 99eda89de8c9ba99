/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the heater on emulated inputs and outputs; the fuse is at the port that may fail. */

#include <levitas/heater.h>
#include <zephyr/drivers/adc/adc_emul.h>
#include <zephyr/drivers/gpio/gpio_emul.h>
#include <zephyr/ztest.h>

#include "pins.h"

#define SWITCH_PIN 10
#define RELAY_PIN  11
#define ALIVE_PIN  12
#define PUMP_PIN   13
#define FUSE_PIN   3
#define WAVE_MS    (DT_PROP(DT_NODELABEL(heater), mains_wave_us) / 1000)
#define HOLD_MS    DT_PROP(DT_NODELABEL(heater), hold_ms)
#define WINDOW_MS  DT_PROP(DT_NODELABEL(heater), power_window_ms)

/* Inputs of the converter. */
enum {
	POWER = 4,
	LEAKAGE,
	WATER_FLOW,
	WATER_LEVEL,
};

static const struct device *const heater = DEVICE_DT_GET(DT_NODELABEL(heater));
static const struct device *const adc = DEVICE_DT_GET(DT_NODELABEL(adc_emul));
static const struct device *const gpio = DEVICE_DT_GET(DT_NODELABEL(gpio0));

static bool is_closed(void)
{
	return gpio_emul_output_get(gpio, SWITCH_PIN) == 1;
}

static bool has_relay(void)
{
	return gpio_emul_output_get(gpio, RELAY_PIN) == 0;
}

static int apply(float duty)
{
	const struct levitas_heater_command command = {.duty = duty, .relay = true, .water_pump = true, .alive = true};

	return levitas_heater_apply(heater, &command);
}

/* Waves of so many for which the switch is closed, and the longest run of such waves; a command every 100 ms. */
static uint32_t closed_waves(float duty, uint32_t waves, uint32_t *longest)
{
	uint32_t closed = 0;
	uint32_t run = 0;

	*longest = 0;
	for (uint32_t i = 0; i < waves; i++) {
		if (i % 5 == 0) {
			zassert_ok(apply(duty));
		}
		k_msleep(WAVE_MS);
		closed += is_closed() ? 1 : 0;
		run = is_closed() ? run + 1 : 0;
		*longest = MAX(*longest, run);
	}
	return closed;
}

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	pins_fail(0);
	pins_input(FUSE_PIN, true);
	zassert_true(device_is_ready(heater));
	zassert_ok(levitas_heater_apply(heater, &(struct levitas_heater_command){0}));
	zassert_ok(adc_emul_const_value_set(adc, POWER, 1200));
	zassert_ok(adc_emul_const_value_set(adc, LEAKAGE, 480));
	zassert_ok(adc_emul_const_value_set(adc, WATER_FLOW, 1200));
	zassert_ok(adc_emul_const_value_set(adc, WATER_LEVEL, 1150));
	/* What is kept of the power is of the test before. */
	for (int i = 0; i < 10; i++) {
		struct levitas_heater_sample sample;

		(void)levitas_heater_fetch(heater, &sample);
		k_msleep(100);
	}
}

ZTEST(heater, test_meters_are_in_their_units)
{
	struct levitas_heater_sample sample;

	zassert_ok(levitas_heater_fetch(heater, &sample));
	zassert_within(sample.power_w, 500.0f, 0.5f, "%f", (double)sample.power_w);
	zassert_within(sample.leakage_ma, 0.5f, 0.01f, "%f", (double)sample.leakage_ma);
	zassert_within(sample.water_flow_lpm, 10.0f, 0.02f, "%f", (double)sample.water_flow_lpm);
	zassert_within(sample.water_level, 0.5f, 0.002f, "%f", (double)sample.water_level);
}

static int fails(const struct device *dev, unsigned int channel, void *error, uint32_t *result)
{
	ARG_UNUSED(dev);
	ARG_UNUSED(channel);
	ARG_UNUSED(result);
	return *(const int *)error;
}

ZTEST(heater, test_a_meter_that_does_not_vouch_costs_the_sample)
{
	static int error = -ENODEV;
	struct levitas_heater_sample sample;

	for (unsigned int meter = POWER; meter <= WATER_LEVEL; meter++) {
		zassert_ok(adc_emul_const_value_set(adc, meter, 2048));
		zassert_equal(levitas_heater_fetch(heater, &sample), -EIO, "at the end of its range");
		zassert_ok(adc_emul_const_value_set(adc, meter, 199));
		zassert_equal(levitas_heater_fetch(heater, &sample), -EIO, "its wire is broken");
		zassert_ok(adc_emul_const_value_set(adc, meter, 201));
		zassert_ok(levitas_heater_fetch(heater, &sample));
		zassert_ok(adc_emul_value_func_set(adc, meter, fails, &error));
		zassert_equal(levitas_heater_fetch(heater, &sample), -EIO);
		zassert_ok(adc_emul_const_value_set(adc, meter, 400));
		zassert_ok(levitas_heater_fetch(heater, &sample));
	}
}

ZTEST(heater, test_power_is_a_mean_of_the_window)
{
	struct levitas_heater_sample sample;

	/* 400 W for one sample of five. */
	zassert_ok(adc_emul_const_value_set(adc, POWER, 400));
	for (int i = 0; i < 2 * WINDOW_MS / 100; i++) {
		k_msleep(100);
		zassert_ok(levitas_heater_fetch(heater, &sample));
	}
	zassert_within(sample.power_w, 0.0f, 0.5f, "%f", (double)sample.power_w);
	zassert_ok(adc_emul_const_value_set(adc, POWER, 1040));
	k_msleep(100);
	zassert_ok(levitas_heater_fetch(heater, &sample));
	zassert_within(sample.power_w, 400.0f * 100 / WINDOW_MS, 2.0f, "%f", (double)sample.power_w);
	zassert_ok(adc_emul_const_value_set(adc, POWER, 400));
	for (int i = 0; i < WINDOW_MS / 100; i++) {
		k_msleep(100);
		zassert_ok(levitas_heater_fetch(heater, &sample));
	}
	zassert_within(sample.power_w, 0.0f, 2.0f, "%f", (double)sample.power_w);
}

ZTEST(heater, test_the_switch_is_closed_for_as_many_waves_as_the_duty_says_spread_evenly)
{
	static const struct {
		float duty;
		uint32_t closed;
		uint32_t longest;
	} duties[] = {{0.0f, 0, 0}, {0.01f, 2, 1}, {0.25f, 50, 1}, {0.5f, 100, 1}, {0.9f, 180, 9}, {1.0f, 200, 200}};

	for (size_t i = 0; i < ARRAY_SIZE(duties); i++) {
		uint32_t longest;
		uint32_t closed = closed_waves(duties[i].duty, 200, &longest);

		zassert_within((int)closed, (int)duties[i].closed, 1, "duty %f: %u", (double)duties[i].duty, closed);
		/* A rest of the duty before may close it for one more. */
		zassert_true(longest <= duties[i].longest + 1, "duty %f: %u", (double)duties[i].duty, longest);
	}
}

ZTEST(heater, test_duty_beyond_the_range_is_limited)
{
	static const float duties[][2] = {{1.001f, 50}, {__builtin_inff(), 50}, {-0.001f, 0}, {-__builtin_inff(), 0}};

	for (size_t i = 0; i < ARRAY_SIZE(duties); i++) {
		uint32_t longest;

		zassert_equal(closed_waves(duties[i][0], 50, &longest), duties[i][1]);
		zassert_true(has_relay());
	}
}

ZTEST(heater, test_a_duty_of_nothing_opens_the_switch_at_once)
{
	zassert_ok(apply(1.0f));
	k_msleep(WAVE_MS);
	zassert_true(is_closed());
	zassert_ok(apply(0.0f));
	zassert_false(is_closed());
	k_msleep(5 * WAVE_MS);
	zassert_false(is_closed());
}

ZTEST(heater, test_a_duty_that_is_not_a_number_opens_switch_and_relay)
{
	zassert_ok(apply(1.0f));
	k_msleep(WAVE_MS);
	zassert_true(is_closed() && has_relay());
	zassert_equal(apply(__builtin_nanf("")), -EINVAL);
	zassert_false(is_closed() || has_relay());
	zassert_equal(gpio_emul_output_get(gpio, PUMP_PIN), 1, "the pump does as it is told");
}

ZTEST(heater, test_without_a_fuse_nothing_is_closed)
{
	zassert_ok(apply(1.0f));
	k_msleep(WAVE_MS);
	pins_input(FUSE_PIN, false);
	zassert_equal(apply(1.0f), -EIO);
	zassert_false(is_closed() || has_relay());
	zassert_equal(gpio_emul_output_get(gpio, PUMP_PIN), 1);
	pins_input(FUSE_PIN, true);
	zassert_ok(apply(1.0f));
	zassert_true(has_relay());
	pins_fail(-ETIMEDOUT);
	zassert_equal(apply(1.0f), -EIO, "nobody knows");
	zassert_false(is_closed() || has_relay());
}

ZTEST(heater, test_an_old_command_heats_no_more)
{
	zassert_ok(apply(1.0f));
	k_msleep(HOLD_MS - WAVE_MS);
	zassert_true(is_closed());
	k_msleep(2 * WAVE_MS);
	zassert_false(is_closed());
	zassert_ok(apply(1.0f));
	k_msleep(WAVE_MS);
	zassert_true(is_closed());
}

ZTEST(heater, test_relay_pump_and_edges_are_as_told)
{
	for (int i = 0; i < 8; i++) {
		const struct levitas_heater_command command = {
			.relay = (i & 1) != 0, .water_pump = (i & 2) != 0, .alive = (i & 4) != 0};

		zassert_ok(levitas_heater_apply(heater, &command));
		zassert_equal(has_relay(), command.relay);
		zassert_equal(gpio_emul_output_get(gpio, PUMP_PIN), command.water_pump ? 1 : 0);
		zassert_equal(gpio_emul_output_get(gpio, ALIVE_PIN), command.alive ? 1 : 0);
	}
}

/* Before anything has been applied. */
static void *setup(void)
{
	zassert_false(is_closed() || has_relay(), "nothing heats after a reset");
	zassert_equal(gpio_emul_output_get(gpio, PUMP_PIN), 0);
	return NULL;
}

ZTEST_SUITE(heater, NULL, setup, before, NULL, NULL);
