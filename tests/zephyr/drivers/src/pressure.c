/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the simulated pressure transducers against a small fake of the plant. */

#include <levitas/world.h>
#include <zephyr/drivers/sensor.h>
#include <zephyr/ztest.h>

/* Pressures that the fake plant published, by site. */
static float plant_mmhg[LEVITAS_PRESSURE_SITE_COUNT];
static bool plant_valid;

bool levitas_world_pressure(uint32_t site, float *pressure_mmhg)
{
	*pressure_mmhg = plant_mmhg[site];
	return plant_valid;
}

static const struct device *const drainage = DEVICE_DT_GET(DT_NODELABEL(pressure_drainage));
static const struct device *const ret = DEVICE_DT_GET(DT_NODELABEL(pressure_return));

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	plant_mmhg[LEVITAS_PRESSURE_DRAINAGE] = -75.0f;
	plant_mmhg[LEVITAS_PRESSURE_PRE_MEMBRANE] = 1.0e6f;
	plant_mmhg[LEVITAS_PRESSURE_RETURN] = 150.0f;
	plant_valid = true;
}

ZTEST(pressure, test_each_site_reads_in_kilopascal)
{
	struct sensor_value value;

	zassert_ok(sensor_sample_fetch(drainage));
	zassert_ok(sensor_channel_get(drainage, SENSOR_CHAN_PRESS, &value));
	/* -75 mmHg are -9.99918 kPa; f32 arithmetic leaves a few mPa. */
	zassert_equal(value.val1, -9);
	zassert_within(value.val2, -999179, 5);

	zassert_ok(sensor_sample_fetch_chan(ret, SENSOR_CHAN_PRESS));
	zassert_ok(sensor_channel_get(ret, SENSOR_CHAN_PRESS, &value));
	zassert_equal(value.val1, 19);
	zassert_within(value.val2, 998358, 5);
}

ZTEST(pressure, test_sample_that_the_sensor_does_not_vouch_for)
{
	plant_valid = false;
	zassert_equal(sensor_sample_fetch(drainage), -EIO);
}

ZTEST(pressure, test_both_ends_of_the_range)
{
	plant_mmhg[LEVITAS_PRESSURE_RETURN] = 399.9f;
	zassert_ok(sensor_sample_fetch(ret));
	plant_mmhg[LEVITAS_PRESSURE_RETURN] = 400.1f;
	zassert_equal(sensor_sample_fetch(ret), -ERANGE);
	plant_mmhg[LEVITAS_PRESSURE_RETURN] = -400.1f;
	zassert_equal(sensor_sample_fetch(ret), -ERANGE);
	plant_mmhg[LEVITAS_PRESSURE_RETURN] = __builtin_nanf("");
	zassert_equal(sensor_sample_fetch(ret), -ERANGE);
}

ZTEST(pressure, test_other_channels_are_not_supported)
{
	struct sensor_value value;

	zassert_equal(sensor_sample_fetch_chan(drainage, SENSOR_CHAN_HUMIDITY), -ENOTSUP);
	zassert_equal(sensor_channel_get(drainage, SENSOR_CHAN_HUMIDITY, &value), -ENOTSUP);
}

ZTEST_SUITE(pressure, NULL, NULL, before, NULL, NULL);
