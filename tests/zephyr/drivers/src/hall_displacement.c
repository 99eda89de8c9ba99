/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the simulated displacement Halls against a small fake of the plant. */

#include <string.h>

#include <levitas/hall_displacement.h>
#include <levitas/world.h>
#include <zephyr/ztest.h>

/* Volts that the fake plant shows, and what the driver asked of it. */
static float plant_v[4];
static bool plant_valid;
static uint32_t triggered_set;
static uint64_t triggered_period;
static uint32_t trigger_calls;

void levitas_world_trigger(uint32_t set, uint64_t period)
{
	triggered_set = set;
	triggered_period = period;
	trigger_calls++;
}

bool levitas_world_displacement_hall(uint32_t set, float hall_v[4])
{
	zassert_equal(set, triggered_set);
	memcpy(hall_v, plant_v, sizeof(plant_v));
	return plant_valid;
}

static const struct device *const dev = DEVICE_DT_GET(DT_NODELABEL(hall_displacement));
static uint32_t handler_calls;

static void count_call(void *user_data)
{
	*(uint32_t *)user_data += 1;
}

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	for (size_t i = 0; i < ARRAY_SIZE(plant_v); i++) {
		plant_v[i] = 1.5f + 0.1f * i;
	}
	plant_valid = true;
}

ZTEST(hall_displacement, test_fetch_moves_the_plant_to_now_and_returns_its_volts)
{
	struct levitas_hall_displacement_sample first;
	struct levitas_hall_displacement_sample second;

	k_sleep(K_USEC(50));
	zassert_ok(levitas_hall_displacement_fetch(dev, &first));
	zassert_equal(triggered_set, LEVITAS_WINDING_SET_B);
	zassert_mem_equal(first.hall_v, plant_v, sizeof(plant_v));
	zassert_equal(first.sample_count, (uint32_t)triggered_period);

	k_sleep(K_USEC(500));
	zassert_ok(levitas_hall_displacement_fetch(dev, &second));
	/* 10 periods, and a sleep may end up to one tick late. */
	zassert_between_inclusive(second.sample_count - first.sample_count, 10, 11);
}

ZTEST(hall_displacement, test_sample_that_the_sensor_does_not_vouch_for)
{
	struct levitas_hall_displacement_sample sample;

	plant_valid = false;
	zassert_equal(levitas_hall_displacement_fetch(dev, &sample), -EIO);
}

ZTEST(hall_displacement, test_both_ends_of_the_range)
{
	struct levitas_hall_displacement_sample sample;

	plant_v[1] = 0.101f;
	plant_v[2] = 3.199f;
	zassert_ok(levitas_hall_displacement_fetch(dev, &sample));
	plant_v[1] = 0.099f;
	zassert_equal(levitas_hall_displacement_fetch(dev, &sample), -ERANGE);
	plant_v[1] = 1.65f;
	plant_v[3] = 3.201f;
	zassert_equal(levitas_hall_displacement_fetch(dev, &sample), -ERANGE);
	plant_v[3] = __builtin_nanf("");
	zassert_equal(levitas_hall_displacement_fetch(dev, &sample), -ERANGE);
	zassert_equal(sample.sample_count, (uint32_t)triggered_period, "the count lives without the Halls");
}

ZTEST(hall_displacement, test_trigger_comes_every_50_us_and_starts_once)
{
	uint32_t calls_before;
	uint32_t triggers_before = trigger_calls;

	zassert_ok(levitas_hall_displacement_start(dev, count_call, &handler_calls));
	zassert_equal(levitas_hall_displacement_start(dev, count_call, &handler_calls), -EALREADY);
	k_sleep(K_USEC(200));
	calls_before = handler_calls;
	k_sleep(K_MSEC(100));
	zassert_within(handler_calls - calls_before, 2000, 1);
	zassert_equal(trigger_calls, triggers_before, "the trigger itself must not move the plant");
}

ZTEST_SUITE(hall_displacement, NULL, NULL, before, NULL, NULL);
