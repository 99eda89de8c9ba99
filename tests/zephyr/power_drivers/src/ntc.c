/* SPDX-License-Identifier: Apache-2.0 */
/* Thermistor on the emulated ADS1115. */

#include <zephyr/drivers/sensor.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include "ads1115_emul.h"

#define INPUT      2
#define PULL_UP_UV DT_PROP(DT_NODELABEL(ntc), pull_up_microvolt)
#define PULL_UP    DT_PROP(DT_NODELABEL(ntc), pull_up_ohm)
/* After which all conversions are of the new voltage. */
#define SETTLE_MS  100

static const struct device *const ntc = DEVICE_DT_GET(DT_NODELABEL(ntc));

static void show_uv(int32_t uv)
{
	ads1115_emul.input_uv[INPUT] = uv;
	k_msleep(SETTLE_MS);
	(void)sensor_sample_fetch(ntc);
	k_msleep(SETTLE_MS);
}

static void show_ohm(double ohm)
{
	show_uv(PULL_UP_UV * ohm / (ohm + PULL_UP));
}

static double celsius(void)
{
	struct sensor_value value;

	zassert_ok(sensor_sample_fetch_chan(ntc, SENSOR_CHAN_AMBIENT_TEMP));
	zassert_ok(sensor_channel_get(ntc, SENSOR_CHAN_AMBIENT_TEMP, &value));
	return sensor_value_to_double(&value);
}

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	ads1115_emul = (struct ads1115_emul){.input_uv = {[INPUT] = 300000}};
	zassert_true(device_is_ready(ntc));
	k_msleep(SETTLE_MS);
}

/* Table of the YSI 400 series: 2252 ohm at 25 C, whole ohms up to 1 kohm and a tenth below. */
ZTEST(ntc, test_table_of_its_maker)
{
	static const struct {
		double ohm;
		double celsius;
	} points[] = {
		{5719, 5}, {4482, 10}, {3539, 15}, {2814, 20}, {2252, 25}, {1815, 30}, {1471, 35},
		{1355, 37}, {1200, 40}, {983.8, 45}, {811.3, 50}, {560.3, 60},
	};

	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		show_ohm(points[i].ohm);
		zassert_within(celsius(), points[i].celsius, 0.02, "%f C: %f", points[i].celsius, celsius());
	}
}

ZTEST(ntc, test_a_mean_resolves_less_than_a_step_of_the_converter)
{
	double quiet, noisy;

	show_uv(300000);
	quiet = celsius();
	/* A step of the converter is 31 uV or 3.2 mK; in every other conversion it moves the mean by half of that. */
	ads1115_emul.ripple_uv = 32;
	show_uv(300000);
	noisy = celsius();
	zassert_true(noisy < quiet, "it is no frozen sensor");
	zassert_within(quiet - noisy, 0.0016, 0.0004, "%f", quiet - noisy);
}

ZTEST(ntc, test_broken_sensors_are_no_temperature)
{
	/* Open: the pull-up alone, beyond the range of the converter. */
	show_uv(PULL_UP_UV);
	zassert_equal(sensor_sample_fetch(ntc), -ERANGE);
	show_uv(0);
	zassert_equal(sensor_sample_fetch(ntc), -ERANGE, "shorted");
	show_uv(-100);
	zassert_equal(sensor_sample_fetch(ntc), -ERANGE, "shorted, and an offset");
	/* 150 ohm are 101 C. */
	show_ohm(150);
	zassert_equal(sensor_sample_fetch(ntc), -ERANGE);
	show_ohm(200);
	zassert_within(celsius(), 91.1, 0.1, "%f", celsius());
	show_ohm(1355);
	zassert_within(celsius(), 37, 0.02, "it comes back");
}

ZTEST(ntc, test_errors_of_the_converter_are_passed_on)
{
	ads1115_emul.is_busy = true;
	k_msleep(SETTLE_MS);
	zassert_equal(sensor_sample_fetch(ntc), -EBUSY);
	ads1115_emul.is_busy = false;
	ads1115_emul.is_missing = true;
	k_msleep(SETTLE_MS);
	zassert_equal(sensor_sample_fetch(ntc), -EIO);
}

ZTEST(ntc, test_other_channels_are_not_supported)
{
	struct sensor_value value;

	zassert_equal(sensor_sample_fetch_chan(ntc, SENSOR_CHAN_PRESS), -ENOTSUP);
	zassert_equal(sensor_channel_get(ntc, SENSOR_CHAN_PRESS, &value), -ENOTSUP);
}

ZTEST_SUITE(ntc, NULL, NULL, before, NULL, NULL);
