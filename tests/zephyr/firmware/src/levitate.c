/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The story of the drive on Zephyr: lift off, 3000 rpm, a 10 N force step, land; no touchdown, no missed deadline.
 *
 * Judged by the plant itself, not by what the firmware believes.
 */

#include <zephyr/ztest.h>

#include "deadlines.h"
#include "shim.h"
#include "threads.h"

#define SPEED_RPM        3000.0f
#define FORCE_N          10.0f
/* Half of the touchdown clearance of plant ecmo-50. */
#define DISPLACEMENT_MAX 250.0e-6f

static float square(float value)
{
	return value * value;
}

/* Whether the rotor is within a radius of the centre. */
static bool within(const struct levitas_truth *truth, float radius_m)
{
	return square(truth->displacement_m[0]) + square(truth->displacement_m[1]) < square(radius_m);
}

/* Posts a command; its number. */
static uint32_t post(uint32_t unit, enum levitas_command_kind kind, float value)
{
	const struct levitas_command command = {.kind = kind, .value = value};

	return levitas_command_post(unit, &command);
}

/* Waits until the unit says that state; the milliseconds it took. */
static uint32_t wait_for_state(enum levitas_unit_state state, uint32_t ms_max)
{
	struct levitas_unit_status status;

	for (uint32_t ms = 0; ms < ms_max; ms++) {
		levitas_status_read(LEVITAS_UNIT_HOST, &status);
		if (status.state == state) {
			return ms;
		}
		k_sleep(K_MSEC(1));
	}
	zassert_unreachable("state %u not reached in %u ms, still %u", state, ms_max, status.state);
	return ms_max;
}

static void lift_off(void)
{
	struct levitas_truth truth;
	uint32_t ms;

	(void)post(LEVITAS_UNIT_HOST, LEVITAS_COMMAND_LIFT, 0.0f);
	ms = wait_for_state(LEVITAS_STATE_OPERATING, 500);
	k_sleep(K_MSEC(50));
	levitas_world_truth(&truth);
	zassert_true(within(&truth, 50.0e-6f), "not centred after lift-off");
	TC_PRINT("levitated after %u ms\n", ms);
}

static void spin_up(void)
{
	struct levitas_truth truth = {0};
	uint32_t ms = 0;

	(void)post(LEVITAS_UNIT_HOST, LEVITAS_COMMAND_SPEED, SPEED_RPM);
	while (ms < 15000 && !(truth.speed_rpm > SPEED_RPM - 10.0f)) {
		k_sleep(K_MSEC(10));
		ms += 10;
		levitas_world_truth(&truth);
	}
	k_sleep(K_MSEC(300));
	levitas_world_truth(&truth);
	zassert_within((int)truth.speed_rpm, (int)SPEED_RPM, 20, "speed %d rpm", (int)truth.speed_rpm);
	TC_PRINT("%d rpm after %u ms\n", (int)truth.speed_rpm, ms);
}

static void push(void)
{
	const struct levitas_force_step step = {.force_n = FORCE_N, .angle_rad = 0.5f, .duration_s = 0.2f};
	struct levitas_truth truth;
	float peak_squared = 0.0f;

	levitas_world_force_step(&step);
	for (int ms = 0; ms < 300; ms++) {
		k_sleep(K_MSEC(1));
		levitas_world_truth(&truth);
		peak_squared = MAX(peak_squared, square(truth.displacement_m[0]) + square(truth.displacement_m[1]));
		zassert_true(within(&truth, DISPLACEMENT_MAX));
	}
	/* A force that did nothing would prove nothing: the stiffness allows some 10 um at least. */
	zassert_true(peak_squared > square(10.0e-6f), "the force step did not reach the rotor");
}

static void land(void)
{
	(void)post(LEVITAS_UNIT_HOST, LEVITAS_COMMAND_LAND, 0.0f);
	(void)wait_for_state(LEVITAS_STATE_STANDBY, 15000);
}

/* The host's levitation thread. */
static const struct levitas_thread *levitation(void)
{
	size_t count;
	const struct levitas_thread *threads = levitas_threads(&count);

	for (size_t i = 0; i < count; i++) {
		if (threads[i].unit == LEVITAS_UNIT_HOST && threads[i].task == LEVITAS_TASK_LEVITATION) {
			return &threads[i];
		}
	}
	zassert_unreachable("no levitation thread");
	return NULL;
}

static void print_threads(void)
{
	size_t count;
	const struct levitas_thread *threads = levitas_threads(&count);

	for (size_t i = 0; i < count; i++) {
		TC_PRINT("%-18s %8u steps, %u missed, response %u us, step %u us\n", threads[i].name, threads[i].steps,
			 threads[i].deadline_misses, (uint32_t)k_cyc_to_us_ceil32(threads[i].response_cycles_max),
			 (uint32_t)k_cyc_to_us_ceil32(threads[i].step_cycles_max));
	}
}

ZTEST(levitate, test_lift_off_3000_rpm_and_a_10_n_step)
{
	struct levitas_truth before;
	struct levitas_truth after;
	struct levitas_unit_status status_before;
	struct levitas_unit_status status;
	const uint32_t misses_before = deadline_misses();

	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		ztest_test_skip();
	}
	levitas_world_truth(&before);
	levitas_status_read(LEVITAS_UNIT_HOST, &status_before);
	zassert_true(before.touching, "the rotor lies at the start");
	lift_off();
	spin_up();
	push();
	levitas_world_truth(&after);
	levitas_status_read(LEVITAS_UNIT_HOST, &status);
	zassert_equal(after.touchdown_count, before.touchdown_count, "touchdown");
	zassert_equal(status.touchdown_count, status_before.touchdown_count, "the firmware reports a touchdown");
	zassert_equal(status.missed_samples, status_before.missed_samples, "samples missed");
	print_threads();
	zassert_equal(deadline_misses(), misses_before);
	zassert_true(status.flow_valid, "flow unknown");
	zassert_true(status.pressures_valid, "pressures unknown");
	land();
}

/* Whole periods of the levitation task in a time of k_cycle_get_32(). */
static uint32_t periods_of(uint32_t cycles)
{
	return (uint32_t)((uint64_t)cycles * levitas_schedule_rate_hz(LEVITAS_TASK_LEVITATION) /
			  sys_clock_hw_cycles_per_sec());
}

static uint32_t periods_since(uint32_t cycles)
{
	return periods_of(k_cycle_get_32() - cycles);
}

ZTEST(levitate, test_stalled_levitation_is_counted_and_the_plant_moves_on)
{
	const uint32_t misses_before = deadline_misses();
	struct levitas_unit_status status_before;
	struct levitas_unit_status status;
	struct levitas_truth before;
	struct levitas_truth after;
	uint32_t steps;
	uint32_t locked;
	uint32_t cycles;
	uint32_t periods;
	uint32_t missed;

	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		ztest_test_skip();
	}
	lift_off();
	/* One millisecond in which no thread may replace this one: some twenty triggers find levitation waiting. */
	k_sched_lock();
	locked = k_cycle_get_32();
	levitas_status_read(LEVITAS_UNIT_HOST, &status_before);
	levitas_world_truth(&before);
	steps = levitation()->steps;
	cycles = k_cycle_get_32();
	k_busy_wait(1000);
	locked = periods_since(locked);
	k_sched_unlock();
	k_sleep(K_MSEC(20));
	k_sched_lock();
	levitas_world_truth(&after);
	levitas_status_read(LEVITAS_UNIT_HOST, &status);
	steps = levitation()->steps - steps;
	periods = periods_since(cycles);
	missed = status.missed_samples - status_before.missed_samples;
	k_sched_unlock();
	/* By the clock: this thread waits for all others before it looks again. */
	zassert_true(periods >= 420, "%u periods", periods);
	zassert_within(after.periods - before.periods, periods, 2, "%u of %u periods", after.periods - before.periods,
		       periods);
	zassert_true(locked >= 20, "%u periods locked", locked);
	/* The step that follows moves the simulated plant by all of them, and misses what comes meanwhile. */
	zassert_between_inclusive(missed, locked - 3, locked + 1 + periods_of(levitation()->step_cycles_max), "%u samples missed of %u",
				  missed, locked);
	/* One step for all the releases it missed: a second one would see the same sample again. */
	zassert_equal(steps, after.periods - before.periods - missed, "%u steps", steps);
	zassert_true(deadline_misses() - misses_before >= 17, "%u deadlines missed", deadline_misses() - misses_before);
	zassert_equal(after.touchdown_count, before.touchdown_count, "one millisecond must not cost a touchdown");
	land();
}

ZTEST_SUITE(levitate, NULL, NULL, NULL, NULL, NULL);
