/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the simulated mains and battery against a small fake of the plant. */

#include <errno.h>
#include <levitas/power_supply.h>
#include <levitas/world.h>
#include <zephyr/ztest.h>

/* What the fake plant shows, and what was asked of it. */
static struct levitas_power_sample plant_sample;
static bool plant_is_there;
static uint32_t asked_set, latched_set;
static bool latched_test_load, latched_hold_charger;

bool levitas_world_power(uint32_t set, struct levitas_power_sample *sample)
{
	asked_set = set;
	*sample = plant_sample;
	return plant_is_there;
}

void levitas_world_latch_power(uint32_t set, bool test_load, bool hold_charger)
{
	latched_set = set;
	latched_test_load = test_load;
	latched_hold_charger = hold_charger;
}

static const struct device *const power_supply = DEVICE_DT_GET(DT_NODELABEL(power_supply));

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	plant_sample = (struct levitas_power_sample){.mains_v = 48.0f,
						     .battery_v = 44.5f,
						     .battery_a = -0.75f,
						     .load_a = 0.5f,
						     .measured = LEVITAS_POWER_MAINS_VOLTAGE | LEVITAS_POWER_LOAD_CURRENT};
	plant_is_there = true;
	asked_set = latched_set = LEVITAS_WINDING_SET_A;
}

ZTEST(power_supply, test_a_sample_is_that_of_its_own_set)
{
	struct levitas_power_sample sample = {0};

	zassert_ok(levitas_power_supply_fetch(power_supply, &sample));
	zassert_equal(asked_set, LEVITAS_WINDING_SET_B);
	zassert_mem_equal(&sample, &plant_sample, sizeof(sample));
}

ZTEST(power_supply, test_without_a_plant_there_is_no_sample)
{
	struct levitas_power_sample sample;

	plant_is_there = false;
	zassert_equal(levitas_power_supply_fetch(power_supply, &sample), -EIO);
}

ZTEST(power_supply, test_charger_and_test_load_do_as_they_are_told)
{
	for (int i = 0; i < 4; i++) {
		zassert_ok(levitas_power_supply_apply(power_supply, (i & 1) != 0, (i & 2) != 0));
		zassert_equal(latched_set, LEVITAS_WINDING_SET_B);
		zassert_equal(latched_test_load, (i & 1) != 0);
		zassert_equal(latched_hold_charger, (i & 2) != 0);
	}
}

ZTEST_SUITE(power_supply, NULL, NULL, before, NULL, NULL);
