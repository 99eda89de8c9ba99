/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers of the simulated warming device against a small fake of the plant. */

#include <levitas/cut_out.h>
#include <levitas/heater.h>
#include <levitas/world.h>
#include <zephyr/drivers/sensor.h>
#include <zephyr/ztest.h>

/* What the fake plant shows, and what was latched in it. */
static float plant_celsius[LEVITAS_TEMPERATURE_SITE_COUNT];
static struct levitas_heater_sample plant_heater;
static bool plant_pressed;
static bool plant_valid;
static struct levitas_heater_command latched;
static bool latched_permit;

bool levitas_world_temperature(uint32_t site, float *celsius)
{
	*celsius = plant_celsius[site];
	return plant_valid;
}

bool levitas_world_heater(struct levitas_heater_sample *sample)
{
	*sample = plant_heater;
	return plant_valid;
}

bool levitas_world_cut_out(bool *pressed)
{
	*pressed = plant_pressed;
	return plant_valid;
}

void levitas_world_latch_heater(const float *duty, bool relay, bool water_pump, bool alive)
{
	latched = (struct levitas_heater_command){.duty = *duty, .relay = relay, .water_pump = water_pump, .alive = alive};
}

void levitas_world_latch_cut_out(bool permit)
{
	latched_permit = permit;
}

static const struct device *const water_b = DEVICE_DT_GET(DT_NODELABEL(water_b));
static const struct device *const cut_out_blood = DEVICE_DT_GET(DT_NODELABEL(cut_out_blood));
static const struct device *const heater = DEVICE_DT_GET(DT_NODELABEL(heater));
static const struct device *const cut_out = DEVICE_DT_GET(DT_NODELABEL(cut_out));

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	for (size_t i = 0; i < ARRAY_SIZE(plant_celsius); i++) {
		plant_celsius[i] = 30.0f + i;
	}
	plant_heater = (struct levitas_heater_sample){
		.power_w = 480.0f, .leakage_ma = 0.1f, .water_flow_lpm = 10.0f, .water_level = 1.0f};
	plant_pressed = false;
	plant_valid = true;
	latched = (struct levitas_heater_command){0};
	latched_permit = false;
}

ZTEST(warming, test_each_site_reads_its_own_temperature)
{
	struct sensor_value value;

	plant_celsius[LEVITAS_TEMPERATURE_WATER_B] = 36.875f;
	zassert_ok(sensor_sample_fetch(water_b));
	zassert_ok(sensor_channel_get(water_b, SENSOR_CHAN_AMBIENT_TEMP, &value));
	zassert_equal(value.val1, 36);
	zassert_within(value.val2, 875000, 5);

	zassert_ok(sensor_sample_fetch_chan(cut_out_blood, SENSOR_CHAN_AMBIENT_TEMP));
	zassert_ok(sensor_channel_get(cut_out_blood, SENSOR_CHAN_AMBIENT_TEMP, &value));
	zassert_equal(value.val1, 34);
}

ZTEST(warming, test_samples_that_nobody_vouches_for)
{
	struct levitas_heater_sample sample;
	bool pressed;

	plant_valid = false;
	zassert_equal(sensor_sample_fetch(water_b), -EIO);
	zassert_equal(levitas_heater_fetch(heater, &sample), -EIO);
	zassert_equal(levitas_cut_out_button(cut_out, &pressed), -EIO);
}

ZTEST(warming, test_both_ends_of_the_range)
{
	static const struct {
		const struct device *sensor;
		uint32_t site;
		float min_celsius;
		float max_celsius;
	} sensors[] = {
		/* What an open and a shorted sensor read is in the range: the task judges it. */
		{water_b, LEVITAS_TEMPERATURE_WATER_B, -20.0f, 100.0f},
		{cut_out_blood, LEVITAS_TEMPERATURE_CUT_OUT_BLOOD, 5.0f, 60.0f},
	};

	for (size_t i = 0; i < ARRAY_SIZE(sensors); i++) {
		float *celsius = &plant_celsius[sensors[i].site];

		*celsius = sensors[i].min_celsius;
		zassert_ok(sensor_sample_fetch(sensors[i].sensor));
		*celsius = sensors[i].max_celsius;
		zassert_ok(sensor_sample_fetch(sensors[i].sensor));
		*celsius = sensors[i].min_celsius - 0.1f;
		zassert_equal(sensor_sample_fetch(sensors[i].sensor), -ERANGE);
		*celsius = sensors[i].max_celsius + 0.1f;
		zassert_equal(sensor_sample_fetch(sensors[i].sensor), -ERANGE);
		*celsius = __builtin_nanf("");
		zassert_equal(sensor_sample_fetch(sensors[i].sensor), -ERANGE);
	}
}

ZTEST(warming, test_other_channels_are_not_supported)
{
	struct sensor_value value;

	zassert_equal(sensor_sample_fetch_chan(water_b, SENSOR_CHAN_PRESS), -ENOTSUP);
	zassert_equal(sensor_channel_get(water_b, SENSOR_CHAN_PRESS, &value), -ENOTSUP);
}

ZTEST(warming, test_heater_shows_its_meters_and_does_as_it_is_told)
{
	const struct levitas_heater_command command = {.duty = 0.25f, .relay = true, .water_pump = true, .alive = true};
	struct levitas_heater_sample sample;

	zassert_ok(levitas_heater_fetch(heater, &sample));
	zassert_mem_equal(&sample, &plant_heater, sizeof(sample));
	zassert_ok(levitas_heater_apply(heater, &command));
	zassert_equal(latched.duty, 0.25f);
	zassert_true(latched.relay && latched.water_pump && latched.alive);
}

ZTEST(warming, test_duty_beyond_the_range_is_limited)
{
	static const float duties[][2] = {{1.001f, 1.0f}, {__builtin_inff(), 1.0f}, {-0.001f, 0.0f}, {-__builtin_inff(), 0.0f}};

	for (size_t i = 0; i < ARRAY_SIZE(duties); i++) {
		const struct levitas_heater_command command = {.duty = duties[i][0], .relay = true};

		zassert_ok(levitas_heater_apply(heater, &command));
		zassert_equal(latched.duty, duties[i][1]);
		zassert_true(latched.relay);
	}
}

ZTEST(warming, test_duty_that_is_not_a_number_opens_switch_and_relay)
{
	const struct levitas_heater_command command = {
		.duty = __builtin_nanf(""), .relay = true, .water_pump = true, .alive = true};

	zassert_equal(levitas_heater_apply(heater, &command), -EINVAL);
	zassert_equal(latched.duty, 0.0f);
	zassert_false(latched.relay);
	zassert_true(latched.water_pump && latched.alive, "the pump does as it is told");
}

ZTEST(warming, test_cut_out_shows_its_button_and_holds_its_relay)
{
	bool pressed = true;

	zassert_ok(levitas_cut_out_button(cut_out, &pressed));
	zassert_false(pressed);
	plant_pressed = true;
	zassert_ok(levitas_cut_out_button(cut_out, &pressed));
	zassert_true(pressed);
	zassert_ok(levitas_cut_out_permit(cut_out, true));
	zassert_true(latched_permit);
	zassert_ok(levitas_cut_out_permit(cut_out, false));
	zassert_false(latched_permit);
}

ZTEST_SUITE(warming, NULL, NULL, before, NULL, NULL);
