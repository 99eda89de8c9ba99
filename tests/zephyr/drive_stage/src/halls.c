/* SPDX-License-Identifier: Apache-2.0 */
/* Displacement and angle Halls on the sampler. */
#include <levitas/hall_angle.h>
#include <levitas/hall_displacement.h>
#include <zephyr/ztest.h>

#include "chip.h"

#define COUNTS(v) ((uint16_t)((v) * 65535 / 3.3 + 0.5))

static uint32_t calls;

static void count_call(void *user_data)
{
	*(uint32_t *)user_data += 1;
}

ZTEST(halls, test_volts_of_each_sensor)
{
	/* x+ is input 0, x- 4, y+ 1, y- 5; cosine 3, sine 7. */
	static const uint16_t counts[12] = {
		[0] = COUNTS(1.0), [4] = COUNTS(1.2), [1] = COUNTS(1.4),
		[5] = COUNTS(1.6), [3] = COUNTS(2.65), [7] = COUNTS(0.65),
	};
	struct levitas_hall_displacement_sample displacement;
	struct levitas_hall_angle_sample angle;

	chip_sample(counts);
	zassert_ok(levitas_hall_displacement_fetch(hall_displacement, &displacement));
	for (size_t i = 0; i < 4; i++) {
		zassert_within((double)displacement.hall_v[i], 1.0 + 0.2 * i, 1e-4, "sensor %zu", i);
	}
	zassert_equal(displacement.sample_count, 1);
	zassert_ok(levitas_hall_angle_fetch(hall_angle, &angle));
	zassert_within((double)angle.hall_v[0], 1.0, 1e-4);
	zassert_within((double)angle.hall_v[1], -1.0, 1e-4);
}

ZTEST(halls, test_saturated_or_broken_sensor)
{
	static const struct {
		uint32_t millivolt;
		int displacement;
		int angle;
	} rows[] = {
		{0, -ERANGE, -ERANGE}, {149, -ERANGE, -ERANGE}, {151, 0, 0},
		{3149, 0, 0},          {3151, -ERANGE, -ERANGE}, {3300, -ERANGE, -ERANGE},
	};
	struct levitas_hall_displacement_sample displacement;
	struct levitas_hall_angle_sample angle;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		/* One sensor at a time; the first is input 0 and input 3. */
		uint16_t counts[12];

		for (size_t j = 0; j < ARRAY_SIZE(counts); j++) {
			counts[j] = COUNTS(1.65);
		}
		counts[0] = COUNTS(rows[i].millivolt / 1000.0);
		counts[7] = COUNTS(rows[i].millivolt / 1000.0);
		chip_sample(counts);
		zassert_equal(levitas_hall_displacement_fetch(hall_displacement, &displacement), rows[i].displacement,
			      "%u mV", rows[i].millivolt);
		zassert_equal(levitas_hall_angle_fetch(hall_angle, &angle), rows[i].angle, "%u mV", rows[i].millivolt);
	}
}

ZTEST(halls, test_sample_that_nobody_vouches_for)
{
	struct levitas_hall_displacement_sample displacement;
	struct levitas_hall_angle_sample angle;

	zassert_equal(levitas_hall_displacement_fetch(hall_displacement, &displacement), -EIO);
	chip_sample_millivolt(0);
	ADC1->ISR = 0;
	chip_interrupt();
	zassert_equal(levitas_hall_displacement_fetch(hall_displacement, &displacement), -EIO, "rather than -ERANGE");
	zassert_equal(levitas_hall_angle_fetch(hall_angle, &angle), -EIO);
	zassert_equal(displacement.sample_count, 2, "the count lives without the Halls");
}

ZTEST(halls, test_the_sampler_is_the_trigger)
{
	calls = 0;
	zassert_ok(levitas_hall_displacement_start(hall_displacement, count_call, &calls));
	zassert_equal(levitas_hall_displacement_start(hall_displacement, count_call, &calls), -EALREADY);
	chip_sample_millivolt(1650);
	zassert_equal(calls, 1);
}

ZTEST_SUITE(halls, NULL, NULL, chip_start_all, NULL, NULL);
