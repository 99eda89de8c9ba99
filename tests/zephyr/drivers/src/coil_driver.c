/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the simulated coil driver against a small fake of the plant. */

#include <string.h>

#include <levitas/coil_driver.h>
#include <levitas/world.h>
#include <zephyr/ztest.h>

/* What the fake plant measures, and what was latched in it. */
static float plant_current_a[2];
static uint32_t plant_pair;
static bool plant_valid;
static float latched_duty[2];
static bool latched_gate;
static bool latched_line;
static bool latched_override;

bool levitas_world_coil_current(uint32_t set, float current_a[2])
{
	zassert_equal(set, LEVITAS_WINDING_SET_B);
	memcpy(current_a, plant_current_a, sizeof(plant_current_a));
	return plant_valid;
}

uint32_t levitas_world_pair(uint32_t set)
{
	zassert_equal(set, LEVITAS_WINDING_SET_B);
	return plant_pair;
}

void levitas_world_latch_coil(uint32_t set, const float duty[2], bool gate, bool drive_line, bool latch_override)
{
	zassert_equal(set, LEVITAS_WINDING_SET_B);
	memcpy(latched_duty, duty, sizeof(latched_duty));
	latched_gate = gate;
	latched_line = drive_line;
	latched_override = latch_override;
}

static const struct device *const dev = DEVICE_DT_GET(DT_NODELABEL(coil_driver));
static const struct levitas_coil_driver_command good = {.duty = {-1.0f, 1.0f}, .gate = true, .drive_line = true};

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	plant_current_a[0] = 0.25f;
	plant_current_a[1] = -6.0f;
	plant_valid = true;
	zassert_ok(levitas_coil_driver_apply(dev, &good));
}

ZTEST(coil_driver, test_full_duty_reaches_the_bridges)
{
	zassert_mem_equal(latched_duty, good.duty, sizeof(latched_duty));
	zassert_true(latched_gate);
	zassert_true(latched_line);
	zassert_false(latched_override);
}

ZTEST(coil_driver, test_override_of_the_latch)
{
	struct levitas_coil_driver_command command = good;

	command.latch_override = true;
	zassert_ok(levitas_coil_driver_apply(dev, &command));
	zassert_true(latched_override);
}

ZTEST(coil_driver, test_what_the_pair_says_comes_with_the_sample)
{
	struct levitas_coil_driver_sample sample;

	plant_pair = LEVITAS_PAIR_LINE_CURRENT | LEVITAS_PAIR_GATE_OPEN;
	zassert_ok(levitas_coil_driver_fetch(dev, &sample));
	zassert_equal(sample.pair, plant_pair);
	/* Currents that nobody vouches for are no reason not to say it. */
	plant_valid = false;
	zassert_equal(levitas_coil_driver_fetch(dev, &sample), -EIO);
	zassert_equal(sample.pair, plant_pair);
}

ZTEST(coil_driver, test_released_gate_and_silent_line)
{
	const struct levitas_coil_driver_command released = {.gate = false};

	zassert_ok(levitas_coil_driver_apply(dev, &released));
	zassert_false(latched_gate);
	zassert_false(latched_line);
}

ZTEST(coil_driver, test_duty_beyond_the_range_is_limited)
{
	static const float beyond[] = {1.001f, -1.001f, 1.0e30f, -__builtin_inff()};

	for (size_t i = 0; i < ARRAY_SIZE(beyond); i++) {
		struct levitas_coil_driver_command command = good;

		command.duty[i % 2] = beyond[i];
		zassert_ok(levitas_coil_driver_apply(dev, &command));
		zassert_equal(latched_duty[i % 2], beyond[i] > 0.0f ? 1.0f : -1.0f, "case %zu", i);
		zassert_equal(latched_duty[1 - i % 2], good.duty[1 - i % 2], "case %zu", i);
		zassert_true(latched_gate, "case %zu", i);
		zassert_true(latched_line, "case %zu", i);
	}
}

ZTEST(coil_driver, test_bad_duty_opens_the_gates)
{
	for (size_t i = 0; i < ARRAY_SIZE(good.duty); i++) {
		struct levitas_coil_driver_command command = good;

		zassert_ok(levitas_coil_driver_apply(dev, &good));
		command.duty[i] = __builtin_nanf("");
		zassert_equal(levitas_coil_driver_apply(dev, &command), -EINVAL);
		zassert_false(latched_gate, "case %zu", i);
		zassert_false(latched_line, "case %zu", i);
		zassert_true(latched_duty[0] == 0.0f && latched_duty[1] == 0.0f);
	}
}

ZTEST(coil_driver, test_current_sample_and_its_range)
{
	struct levitas_coil_driver_sample sample;

	zassert_ok(levitas_coil_driver_fetch(dev, &sample));
	zassert_mem_equal(sample.current_a, plant_current_a, sizeof(plant_current_a));
	plant_current_a[1] = -7.501f;
	zassert_equal(levitas_coil_driver_fetch(dev, &sample), -ERANGE);
	plant_current_a[1] = 7.499f;
	zassert_ok(levitas_coil_driver_fetch(dev, &sample));
	plant_current_a[0] = __builtin_nanf("");
	zassert_equal(levitas_coil_driver_fetch(dev, &sample), -ERANGE);
	plant_valid = false;
	zassert_equal(levitas_coil_driver_fetch(dev, &sample), -EIO);
}

ZTEST_SUITE(coil_driver, NULL, NULL, before, NULL, NULL);
