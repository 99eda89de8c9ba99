/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the simulated flow meter against a small fake of the plant. */

#include <levitas/flow_meter.h>
#include <levitas/world.h>
#include <zephyr/ztest.h>

/* What the fake plant published. */
static struct levitas_world_flow_batch plant_batch;
static bool plant_valid;

bool levitas_world_flow(struct levitas_world_flow_batch *batch)
{
	*batch = plant_batch;
	return plant_valid;
}

static const struct device *const dev = DEVICE_DT_GET(DT_NODELABEL(flow_meter));

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	plant_batch.number++;
	plant_batch.count = LEVITAS_FLOW_SHOTS_MAX;
	for (int i = 0; i < LEVITAS_FLOW_SHOTS_MAX; i++) {
		/* About 5 L/min in blood: 8.58 us and 9 ns of difference. */
		plant_batch.shots[i] = (struct levitas_flow_shot){
			.transit_up_s = 8.5845e-6f,
			.transit_down_s = 8.5755e-6f,
			.amplitude = 1.0f - 0.01f * i,
		};
	}
	plant_valid = true;
}

ZTEST(flow_meter, test_a_batch_is_fetched_once)
{
	struct levitas_flow_shot shots[LEVITAS_FLOW_SHOTS_MAX];

	zassert_equal(levitas_flow_meter_fetch(dev, shots), LEVITAS_FLOW_SHOTS_MAX);
	zassert_mem_equal(shots, plant_batch.shots, sizeof(shots));
	zassert_equal(levitas_flow_meter_fetch(dev, shots), 0);
	plant_batch.number++;
	plant_batch.count = 3;
	zassert_equal(levitas_flow_meter_fetch(dev, shots), 3);
}

ZTEST(flow_meter, test_the_meter_does_not_answer)
{
	struct levitas_flow_shot shots[LEVITAS_FLOW_SHOTS_MAX];

	plant_valid = false;
	zassert_equal(levitas_flow_meter_fetch(dev, shots), -EIO);
}

ZTEST(flow_meter, test_both_ends_of_the_window)
{
	struct levitas_flow_shot shots[LEVITAS_FLOW_SHOTS_MAX];

	plant_batch.shots[0].transit_up_s = 6.01e-6f;
	plant_batch.shots[0].transit_down_s = 19.9e-6f;
	plant_batch.shots[1].transit_up_s = 5.99e-6f;
	plant_batch.shots[2].transit_down_s = 20.1e-6f;
	plant_batch.shots[3].transit_down_s = __builtin_nanf("");
	zassert_equal(levitas_flow_meter_fetch(dev, shots), LEVITAS_FLOW_SHOTS_MAX);
	zassert_equal(shots[0].transit_up_s, 6.01e-6f);
	for (int i = 1; i <= 3; i++) {
		const struct levitas_flow_shot none = {0};

		zassert_mem_equal(&shots[i], &none, sizeof(none), "shot %d", i);
	}
	zassert_equal(shots[4].amplitude, plant_batch.shots[4].amplitude);
}

ZTEST_SUITE(flow_meter, NULL, NULL, before, NULL, NULL);
