/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the simulated motor inverter against a small fake of the plant. */

#include <string.h>

#include <levitas/motor_inverter.h>
#include <levitas/world.h>
#include <zephyr/ztest.h>

/* What the fake plant measures, and what was latched in it. */
static float plant_current_a[3];
static float plant_bus_v;
static bool plant_valid;
static float latched_duty[3];
static bool latched_gate;

bool levitas_world_phase_current(uint32_t set, float current_a[3])
{
	zassert_equal(set, LEVITAS_WINDING_SET_B);
	memcpy(current_a, plant_current_a, sizeof(plant_current_a));
	return plant_valid;
}

bool levitas_world_bus_voltage(uint32_t set, float *voltage_v)
{
	zassert_equal(set, LEVITAS_WINDING_SET_B);
	*voltage_v = plant_bus_v;
	return plant_valid;
}

void levitas_world_latch_phase(uint32_t set, const float duty[3], bool gate)
{
	zassert_equal(set, LEVITAS_WINDING_SET_B);
	memcpy(latched_duty, duty, sizeof(latched_duty));
	latched_gate = gate;
}

static const struct device *const dev = DEVICE_DT_GET(DT_NODELABEL(motor_inverter));
static const struct levitas_motor_inverter_command good = {.duty = {0.0f, 0.5f, 1.0f}, .gate = true};

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	plant_current_a[0] = 1.0f;
	plant_current_a[1] = 2.0f;
	plant_current_a[2] = -3.0f;
	plant_bus_v = 48.0f;
	plant_valid = true;
	zassert_ok(levitas_motor_inverter_apply(dev, &good));
}

ZTEST(motor_inverter, test_full_duty_reaches_the_bridges)
{
	zassert_mem_equal(latched_duty, good.duty, sizeof(latched_duty));
	zassert_true(latched_gate);
}

ZTEST(motor_inverter, test_duty_beyond_the_range_is_limited)
{
	static const float beyond[] = {1.001f, -0.001f, __builtin_inff()};

	for (size_t i = 0; i < ARRAY_SIZE(beyond); i++) {
		struct levitas_motor_inverter_command command = good;

		command.duty[i] = beyond[i];
		zassert_ok(levitas_motor_inverter_apply(dev, &command));
		zassert_equal(latched_duty[i], beyond[i] > 0.0f ? 1.0f : 0.0f, "case %zu", i);
		zassert_true(latched_gate, "case %zu", i);
	}
}

ZTEST(motor_inverter, test_bad_duty_opens_the_gates)
{
	for (size_t i = 0; i < ARRAY_SIZE(good.duty); i++) {
		struct levitas_motor_inverter_command command = good;

		zassert_ok(levitas_motor_inverter_apply(dev, &good));
		command.duty[i] = __builtin_nanf("");
		zassert_equal(levitas_motor_inverter_apply(dev, &command), -EINVAL);
		zassert_false(latched_gate, "case %zu", i);
	}
}

ZTEST(motor_inverter, test_phase_currents_and_their_range)
{
	struct levitas_motor_inverter_sample sample;

	zassert_ok(levitas_motor_inverter_fetch(dev, &sample));
	zassert_mem_equal(sample.phase_current_a, plant_current_a, sizeof(plant_current_a));
	plant_current_a[2] = -12.501f;
	zassert_equal(levitas_motor_inverter_fetch(dev, &sample), -ERANGE);
	plant_current_a[2] = 12.499f;
	zassert_ok(levitas_motor_inverter_fetch(dev, &sample));
	plant_valid = false;
	zassert_equal(levitas_motor_inverter_fetch(dev, &sample), -EIO);
}

ZTEST(motor_inverter, test_bus_voltage_and_its_range)
{
	float voltage_v;

	zassert_ok(levitas_motor_inverter_fetch_bus_voltage(dev, &voltage_v));
	zassert_equal(voltage_v, plant_bus_v);
	plant_bus_v = 60.01f;
	zassert_equal(levitas_motor_inverter_fetch_bus_voltage(dev, &voltage_v), -ERANGE);
	plant_bus_v = -0.01f;
	zassert_equal(levitas_motor_inverter_fetch_bus_voltage(dev, &voltage_v), -ERANGE);
	plant_valid = false;
	zassert_equal(levitas_motor_inverter_fetch_bus_voltage(dev, &voltage_v), -EIO);
}

ZTEST_SUITE(motor_inverter, NULL, NULL, before, NULL, NULL);
