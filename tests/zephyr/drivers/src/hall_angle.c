/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the simulated angle Halls against a small fake of the plant. */

#include <string.h>

#include <levitas/hall_angle.h>
#include <levitas/world.h>
#include <zephyr/ztest.h>

/* Volts that the fake plant shows. */
static float plant_v[2];
static bool plant_valid;

bool levitas_world_angle_hall(uint32_t set, float hall_v[2])
{
	zassert_equal(set, LEVITAS_WINDING_SET_B);
	memcpy(hall_v, plant_v, sizeof(plant_v));
	return plant_valid;
}

static const struct device *const dev = DEVICE_DT_GET(DT_NODELABEL(hall_angle));

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	plant_v[0] = 0.6f;
	plant_v[1] = -0.8f;
	plant_valid = true;
}

ZTEST(hall_angle, test_fetch_returns_the_plants_volts)
{
	struct levitas_hall_angle_sample sample;

	zassert_ok(levitas_hall_angle_fetch(dev, &sample));
	zassert_mem_equal(sample.hall_v, plant_v, sizeof(plant_v));
}

ZTEST(hall_angle, test_sample_that_the_sensor_does_not_vouch_for)
{
	struct levitas_hall_angle_sample sample;

	plant_valid = false;
	zassert_equal(levitas_hall_angle_fetch(dev, &sample), -EIO);
}

ZTEST(hall_angle, test_both_ends_of_the_range)
{
	struct levitas_hall_angle_sample sample;

	plant_v[0] = 1.499f;
	plant_v[1] = -1.499f;
	zassert_ok(levitas_hall_angle_fetch(dev, &sample));
	plant_v[0] = 1.501f;
	zassert_equal(levitas_hall_angle_fetch(dev, &sample), -ERANGE);
	plant_v[0] = 0.0f;
	plant_v[1] = -1.501f;
	zassert_equal(levitas_hall_angle_fetch(dev, &sample), -ERANGE);
	plant_v[1] = __builtin_nanf("");
	zassert_equal(levitas_hall_angle_fetch(dev, &sample), -ERANGE);
}

ZTEST_SUITE(hall_angle, NULL, NULL, before, NULL, NULL);
