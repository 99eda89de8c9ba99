/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the simulated flow meter against a small fake of the plant. */

#include <levitas/flow_meter.h>
#include <levitas/world.h>
#include <zephyr/ztest.h>

/* Means that the fake plant published. */
static float plant_up_s;
static float plant_down_s;
static bool plant_valid;

bool levitas_world_flow(float *transit_up_s, float *transit_down_s, float *amplitude)
{
	*transit_up_s = plant_up_s;
	*transit_down_s = plant_down_s;
	*amplitude = 0.9f;
	return plant_valid;
}

static const struct device *const dev = DEVICE_DT_GET(DT_NODELABEL(flow_meter));

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	/* About 5 L/min in blood: 8.58 us and 9 ns of difference. */
	plant_up_s = 8.5845e-6f;
	plant_down_s = 8.5755e-6f;
	plant_valid = true;
}

ZTEST(flow_meter, test_fetch_returns_the_plants_means)
{
	struct levitas_flow_meter_sample sample;

	zassert_ok(levitas_flow_meter_fetch(dev, &sample));
	zassert_equal(sample.transit_up_s, plant_up_s);
	zassert_equal(sample.transit_down_s, plant_down_s);
	zassert_equal(sample.amplitude, 0.9f);
}

ZTEST(flow_meter, test_no_echo)
{
	struct levitas_flow_meter_sample sample;

	plant_valid = false;
	zassert_equal(levitas_flow_meter_fetch(dev, &sample), -EIO);
}

ZTEST(flow_meter, test_both_ends_of_the_window)
{
	struct levitas_flow_meter_sample sample;

	plant_up_s = 6.01e-6f;
	plant_down_s = 19.9e-6f;
	zassert_ok(levitas_flow_meter_fetch(dev, &sample));
	plant_up_s = 5.99e-6f;
	zassert_equal(levitas_flow_meter_fetch(dev, &sample), -ERANGE);
	plant_up_s = 8.58e-6f;
	plant_down_s = 20.1e-6f;
	zassert_equal(levitas_flow_meter_fetch(dev, &sample), -ERANGE);
	plant_down_s = __builtin_nanf("");
	zassert_equal(levitas_flow_meter_fetch(dev, &sample), -ERANGE);
}

ZTEST_SUITE(flow_meter, NULL, NULL, before, NULL, NULL);
