/* SPDX-License-Identifier: Apache-2.0 */
/** @file The thread table, to look at: counters of every task thread. */
#ifndef LEVITAS_THREADS_H_
#define LEVITAS_THREADS_H_

#include <zephyr/kernel.h>

/** One task thread of one unit. */
struct levitas_thread {
	const char *name;
	k_tid_t id;
	/** enum levitas_unit */
	uint32_t unit;
	/** enum levitas_task */
	uint32_t task;
	uint32_t rate_hz;
	int priority;
	/** Channel of task_wdt; -1: none. */
	int watchdog;

	struct k_sem release;
	struct k_timer timer;
	/** Releases since the last step began. */
	uint32_t releases;
	/** A release whose step has not ended. */
	bool pending;
	bool running;
	uint32_t released_at_cycles;
	uint32_t began_at_cycles;

	/** Steps that ended. */
	uint32_t steps;
	/** Releases that came while the step before had not ended. */
	uint32_t deadline_misses;
	/** Longest time from a release to the end of its step. */
	uint32_t response_cycles_max;
	/** Longest time from the beginning of a step to its end, with all that interrupted it. */
	uint32_t step_cycles_max;
};

/** All task threads of this image, in the order of the table. */
struct levitas_thread *levitas_threads(size_t *count);

/** The tasks run, and the drive needs none of what this thread does: it is none with a watchdog. */
bool levitas_threads_can_do_without(k_tid_t thread);

/** Why the watchdogs do not watch all that they should, a negative errno; 0: they do, or the image has none. */
int levitas_threads_watch_error(void);

/** This thread is stopped: nobody watches it any more, and those that it has kept from the processor have time to feed. In any context. */
void levitas_threads_stopped(k_tid_t thread);

#endif /* LEVITAS_THREADS_H_ */
