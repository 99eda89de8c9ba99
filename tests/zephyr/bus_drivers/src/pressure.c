/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the pressure bridges: Zephyr's ADS114S08 driver on an emulated chip, and an emulated single-ended ADC. */

#include <levitas/units.h>
#include <zephyr/drivers/adc/adc_emul.h>
#include <zephyr/drivers/emul.h>
#include <zephyr/drivers/sensor.h>
#include <zephyr/ztest.h>

#include "ads114s08_emul.h"

/* 5 uV/V/mmHg. */
#define PER_MMHG 5.0e-6

static const struct device *const drainage = DEVICE_DT_GET(DT_NODELABEL(pressure_drainage));
static const struct device *const single_ended = DEVICE_DT_GET(DT_NODELABEL(pressure_single_ended));
static const struct device *const bad = DEVICE_DT_GET(DT_NODELABEL(pressure_bad));
static const struct device *const bad_adc = DEVICE_DT_GET(DT_NODELABEL(bridge_adc_bad));
static const struct device *const adc = DEVICE_DT_GET(DT_NODELABEL(test_adc));

static struct ads114s08_emul *chip(void)
{
	return EMUL_DT_GET(DT_NODELABEL(bridge_adc))->data;
}

static int fetch_mmhg(const struct device *dev, float *pressure_mmhg)
{
	struct sensor_value value_kpa;
	int error = sensor_sample_fetch_chan(dev, SENSOR_CHAN_PRESS);

	if (error == 0) {
		error = sensor_channel_get(dev, SENSOR_CHAN_PRESS, &value_kpa);
	}
	*pressure_mmhg = sensor_value_to_float(&value_kpa) / LEVITAS_KPA_PER_MMHG;
	return error;
}

static int fetch_after(int32_t wait_ms)
{
	float pressure_mmhg;

	k_msleep(wait_ms);
	return fetch_mmhg(drainage, &pressure_mmhg);
}

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	chip()->faults = (struct spi_emul_faults){0};
	chip()->busy = false;
	chip()->input = 100.0 * PER_MMHG;
	zassert_ok(adc_emul_const_value_set(adc, 1, 0));
	zassert_ok(fetch_after(100));
}

ZTEST(pressure, test_both_signs)
{
	static const double pressures_mmhg[] = {-200.0, 0.0, 75.0, 400.0};
	float pressure_mmhg;

	for (size_t i = 0; i < ARRAY_SIZE(pressures_mmhg); i++) {
		chip()->input = pressures_mmhg[i] * PER_MMHG;
		k_msleep(50);
		zassert_ok(fetch_mmhg(drainage, &pressure_mmhg));
		zassert_within(pressure_mmhg, (float)pressures_mmhg[i], 0.1f);
	}
}

ZTEST(pressure, test_both_ends_of_the_range)
{
	chip()->input = 499.9 * PER_MMHG;
	zassert_ok(fetch_after(50));
	chip()->input = 500.1 * PER_MMHG;
	zassert_equal(fetch_after(50), -ERANGE);
	chip()->input = -500.1 * PER_MMHG;
	zassert_equal(fetch_after(50), -ERANGE);
}

ZTEST(pressure, test_open_bridge_is_at_the_end_of_the_scale)
{
	chip()->input = 0.5;
	zassert_equal(fetch_after(50), -EIO);
	chip()->input = -0.5;
	zassert_equal(fetch_after(50), -EIO);
}

ZTEST(pressure, test_converter_stays_busy)
{
	chip()->busy = true;
	zassert_equal(fetch_after(100), -ETIMEDOUT);
	chip()->busy = false;
	zassert_ok(fetch_after(100));
}

ZTEST(pressure, test_missing_converter)
{
	/* It never says that data are ready. */
	chip()->faults.missing = true;
	zassert_equal(fetch_after(100), -ETIMEDOUT);
	chip()->faults.missing = false;
	zassert_ok(fetch_after(100));
}

ZTEST(pressure, test_bus_fails)
{
	chip()->faults.bus_error = true;
	zassert_equal(fetch_after(100), -EIO);
	chip()->faults.bus_error = false;
	zassert_ok(fetch_after(100));
}

ZTEST(pressure, test_converter_that_lost_its_configuration)
{
	float pressure_mmhg;

	/* Without its gain it would read a 64th. */
	for (int i = 0; i < 50; i++) {
		ads114s08_emul_reset(chip());
		k_msleep(7);
		if (fetch_mmhg(drainage, &pressure_mmhg) == 0) {
			zassert_within(pressure_mmhg, 100.0f, 0.1f);
		}
	}
	zassert_ok(fetch_after(100));
}

ZTEST(pressure, test_single_ended)
{
	float pressure_mmhg;

	/* 3.3 V * 5 uV/V/mmHg: 16.5 mV are 1000 mmHg, out of range; 3 mV are 181.8. */
	zassert_ok(adc_emul_const_value_set(adc, 1, 3));
	k_msleep(50);
	zassert_ok(fetch_mmhg(single_ended, &pressure_mmhg));
	/* The emulated ADC works with whole millivolts of reference / gain: 51 for 51.6. */
	zassert_within(pressure_mmhg, 181.8f, 2.5f);
	zassert_ok(adc_emul_const_value_set(adc, 1, 16));
	k_msleep(50);
	zassert_equal(fetch_mmhg(single_ended, &pressure_mmhg), -ERANGE);
	zassert_ok(adc_emul_const_value_set(adc, 1, 3300));
	k_msleep(50);
	zassert_equal(fetch_mmhg(single_ended, &pressure_mmhg), -EIO);
}

/* Its name has it run before the one that follows. */
ZTEST(pressure_start, test_converter_missing_at_start)
{
	struct ads114s08_emul *bad_chip = EMUL_DT_GET(DT_NODELABEL(bridge_adc_bad))->data;
	float pressure_mmhg;

	bad_chip->faults.missing = true;
	zassert_equal(device_init(bad_adc), EBUSY);
	zassert_equal(device_init(bad), ENODEV);
	zassert_equal(fetch_mmhg(bad, &pressure_mmhg), -ENODEV);
	bad_chip->faults.missing = false;
}

ZTEST(pressure_start, test_range_beyond_the_converter)
{
	/* A failed start stays with a device of Zephyr's. */
	bad_adc->state->init_res = 0;
	zassert_ok(device_init(bad_adc));
	zassert_equal(device_init(bad), EINVAL);
}

ZTEST(pressure, test_other_channels_are_not_supported)
{
	struct sensor_value value;

	zassert_equal(sensor_sample_fetch_chan(drainage, SENSOR_CHAN_HUMIDITY), -ENOTSUP);
	zassert_equal(sensor_channel_get(drainage, SENSOR_CHAN_HUMIDITY, &value), -ENOTSUP);
}

ZTEST_SUITE(pressure, NULL, NULL, before, NULL, NULL);
ZTEST_SUITE(pressure_start, NULL, NULL, NULL, NULL, NULL);
