/* SPDX-License-Identifier: Apache-2.0 */
/* The thread table: rates of the core's schedule, priorities that keep levitation first, threads that run. */

#include <zephyr/ztest.h>

#include "shim.h"
#include "threads.h"

static struct levitas_thread *threads;
static size_t count;

static void *setup(void)
{
	threads = levitas_threads(&count);
	return NULL;
}

ZTEST(threads, test_every_unit_of_the_role_has_every_task)
{
	const size_t units = IS_ENABLED(CONFIG_LEVITAS_ROLE_BOTH) ? 2 : 1;
	const size_t of_warming = LEVITAS_TASK_COUNT - LEVITAS_TASK_CUT_OUT;

	zassert_equal(count, units * LEVITAS_TASK_CUT_OUT + (IS_ENABLED(CONFIG_LEVITAS_WARMING) ? of_warming : 0));
}

ZTEST(threads, test_rates_are_those_of_the_core)
{
	for (size_t i = 0; i < count; i++) {
		zassert_equal(threads[i].rate_hz, levitas_schedule_rate_hz(threads[i].task), "%s", threads[i].name);
	}
	zassert_equal(levitas_schedule_rate_hz(LEVITAS_TASK_COUNT), 0, "a task the table does not have");
}

ZTEST(threads, test_levitation_alone_is_cooperative)
{
	for (size_t i = 0; i < count; i++) {
		zassert_equal(threads[i].priority < 0, threads[i].task == LEVITAS_TASK_LEVITATION, "%s",
			      threads[i].name);
	}
	zassert_true(CONFIG_SYSTEM_WORKQUEUE_PRIORITY >= 0);
}

ZTEST(threads, test_cut_out_and_warming_come_after_all_that_the_pump_needs)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			/* The tasks are numbered in the order of the core's schedule, which is that of their priority. */
			zassert_equal(threads[i].priority < threads[j].priority, threads[i].task < threads[j].task, "%s, %s",
				      threads[i].name, threads[j].name);
		}
	}
}

ZTEST(threads, test_every_task_that_the_pump_needs_has_a_watchdog_of_its_own)
{
	uint32_t channels = 0;

	if (!IS_ENABLED(CONFIG_LEVITAS_WATCHDOG)) {
		ztest_test_skip();
	}
	for (size_t i = 0; i < count; i++) {
		zassert_equal(threads[i].watchdog >= 0, threads[i].task < LEVITAS_TASK_CUT_OUT, "%s", threads[i].name);
		if (threads[i].watchdog >= 0) {
			zassert_equal(channels & BIT(threads[i].watchdog), 0, "%s", threads[i].name);
			channels |= BIT(threads[i].watchdog);
		}
	}
}

ZTEST(threads, test_steps_in_half_a_second)
{
	struct {
		uint32_t steps;
		uint32_t cycles;
	} before[2 * LEVITAS_TASK_COUNT];

	for (size_t i = 0; i < count; i++) {
		k_sched_lock();
		before[i].steps = threads[i].steps;
		before[i].cycles = k_cycle_get_32();
		k_sched_unlock();
	}
	k_sleep(K_MSEC(500));
	for (size_t i = 0; i < count; i++) {
		uint32_t steps;
		uint64_t cycles;
		uint32_t due;

		/* By the clock: this thread waits for all others before it looks again. */
		k_sched_lock();
		steps = threads[i].steps - before[i].steps;
		cycles = k_cycle_get_32() - before[i].cycles;
		k_sched_unlock();
		due = (uint32_t)(cycles * threads[i].rate_hz / sys_clock_hw_cycles_per_sec());
		zassert_true(due >= threads[i].rate_hz / 2, "%s: %u due", threads[i].name, due);
		zassert_within(steps, due, 2, "%s: %u of %u steps", threads[i].name, steps, due);
	}
}

ZTEST_SUITE(threads, NULL, setup, NULL, NULL, NULL);
