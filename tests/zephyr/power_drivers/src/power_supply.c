/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of mains and battery on emulated inputs. */

#include <levitas/power_supply.h>
#include <zephyr/drivers/adc/adc_emul.h>
#include <zephyr/drivers/gpio/gpio_emul.h>
#include <zephyr/ztest.h>

#include "pins.h"

#define TEST_LOAD_PIN    1
#define CHARGER_HOLD_PIN 2
#define ALL                                                                                                            \
	(LEVITAS_POWER_MAINS_VOLTAGE | LEVITAS_POWER_BATTERY_VOLTAGE | LEVITAS_POWER_BATTERY_CURRENT |                 \
	 LEVITAS_POWER_LOAD_CURRENT)

/* Inputs of the converter, in the order of enum levitas_power_measured. */
enum {
	MAINS_VOLTAGE,
	BATTERY_VOLTAGE,
	BATTERY_CURRENT,
	LOAD_CURRENT,
	INPUTS
};

static const struct device *const power_supply = DEVICE_DT_GET(DT_NODELABEL(power_supply));
static const struct device *const adc = DEVICE_DT_GET(DT_NODELABEL(adc_emul));
static const struct device *const gpio = DEVICE_DT_GET(DT_NODELABEL(gpio0));

static int fails(const struct device *dev, unsigned int channel, void *error, uint32_t *result)
{
	ARG_UNUSED(dev);
	ARG_UNUSED(channel);
	ARG_UNUSED(result);
	return *(const int *)error;
}

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	pins_fail(0);
	zassert_true(device_is_ready(power_supply));
	zassert_ok(levitas_power_supply_apply(power_supply, false, false));
	zassert_ok(adc_emul_const_value_set(adc, MAINS_VOLTAGE, 1600));
	zassert_ok(adc_emul_const_value_set(adc, BATTERY_VOLTAGE, 1760));
	zassert_ok(adc_emul_const_value_set(adc, BATTERY_CURRENT, 1100));
	zassert_ok(adc_emul_const_value_set(adc, LOAD_CURRENT, 300));
}

ZTEST(power_supply, test_values_are_those_of_dividers_and_shunts)
{
	struct levitas_power_sample sample;

	zassert_ok(levitas_power_supply_fetch(power_supply, &sample));
	zassert_within(sample.mains_v, 48.0f, 0.01f, "%f", (double)sample.mains_v);
	zassert_within(sample.battery_v, 44.0f, 0.01f, "%f", (double)sample.battery_v);
	zassert_within(sample.battery_a, 2.0f, 0.01f, "%f", (double)sample.battery_a);
	zassert_within(sample.load_a, 2.0f, 0.01f, "%f", (double)sample.load_a);
	zassert_equal(sample.measured, ALL);
}

ZTEST(power_supply, test_a_battery_that_is_charged_has_a_current_below_zero)
{
	struct levitas_power_sample sample;

	zassert_ok(adc_emul_const_value_set(adc, BATTERY_CURRENT, 925));
	zassert_ok(levitas_power_supply_fetch(power_supply, &sample));
	zassert_within(sample.battery_a, -1.5f, 0.01f, "%f", (double)sample.battery_a);
}

ZTEST(power_supply, test_an_input_at_the_end_of_its_range_costs_its_own_bit)
{
	static const uint32_t full_mv[INPUTS] = {2048, 2048, 4096, 4096};
	struct levitas_power_sample sample;

	for (size_t i = 0; i < INPUTS; i++) {
		zassert_ok(adc_emul_const_value_set(adc, i, full_mv[i]));
		zassert_ok(levitas_power_supply_fetch(power_supply, &sample));
		zassert_equal(sample.measured, ALL & ~BIT(i));
		/* One below it is a value. */
		zassert_ok(adc_emul_const_value_set(adc, i, full_mv[i] - 2));
		zassert_ok(levitas_power_supply_fetch(power_supply, &sample));
		zassert_equal(sample.measured, ALL);
	}
}

ZTEST(power_supply, test_what_the_converter_does_not_vouch_for_costs_its_own_bit_and_all_of_it_the_sample)
{
	static int error = -ETIMEDOUT;
	struct levitas_power_sample sample;
	uint32_t left = ALL;

	for (size_t i = 0; i < INPUTS; i++) {
		zassert_ok(adc_emul_value_func_set(adc, i, fails, &error));
		left &= ~BIT(i);
		zassert_equal(levitas_power_supply_fetch(power_supply, &sample), left != 0 ? 0 : -EIO);
		zassert_equal(sample.measured, left);
	}
	before(NULL);
	zassert_ok(levitas_power_supply_fetch(power_supply, &sample));
	zassert_equal(sample.measured, ALL, "it comes back");
}

ZTEST(power_supply, test_charger_and_test_load_do_as_they_are_told)
{
	for (int i = 0; i < 4; i++) {
		const bool test_load = (i & 1) != 0;
		const bool hold_charger = (i & 2) != 0;

		zassert_ok(levitas_power_supply_apply(power_supply, test_load, hold_charger));
		zassert_equal(gpio_emul_output_get(gpio, TEST_LOAD_PIN), test_load ? 0 : 1, "active low");
		zassert_equal(pins_output(CHARGER_HOLD_PIN), hold_charger);
	}
}

ZTEST(power_supply, test_an_output_that_fails_takes_the_other_one_not_along)
{
	pins_fail(-EIO);
	zassert_equal(levitas_power_supply_apply(power_supply, true, true), -EIO);
	zassert_equal(gpio_emul_output_get(gpio, TEST_LOAD_PIN), 0);
}

/* First, before anything has been applied. */
static void *setup(void)
{
	zassert_equal(gpio_emul_output_get(gpio, TEST_LOAD_PIN), 1, "no test load after a reset");
	zassert_false(pins_output(CHARGER_HOLD_PIN), "the charger charges after a reset");
	return NULL;
}

ZTEST_SUITE(power_supply, NULL, setup, before, NULL, NULL);
