/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread table of the firmware and what releases the threads.
 *
 * Levitation is released by the trigger of its displacement Halls, the others by a timer each, so that none
 * depends on another. Levitation is the only cooperative thread: once it has begun, nothing but interrupts runs
 * until it waits again. The rates are the core's (src/core/src/schedule.rs), which is checked at start.
 */

#include "port.h"
#include "shim.h"
#include "threads.h"

#define LEVITATION_PERIOD_US 50

/* Task threads of one unit: name, stack [bytes], priority, rate [Hz]; the entry is levitas_NAME_thread. */
#define UNIT_THREADS(ROW, unit_name, unit)                                                                             \
	ROW(unit_name, unit, levitation, LEVITAS_TASK_LEVITATION, 8192, K_PRIO_COOP(0), 20000)                         \
	ROW(unit_name, unit, link, LEVITAS_TASK_LINK, 4096, K_PRIO_PREEMPT(0), 2000)                                   \
	ROW(unit_name, unit, speed, LEVITAS_TASK_SPEED, 4096, K_PRIO_PREEMPT(1), 1000)                                 \
	ROW(unit_name, unit, circulation, LEVITAS_TASK_CIRCULATION, 4096, K_PRIO_PREEMPT(2), 100)                      \
	ROW(unit_name, unit, supervisor, LEVITAS_TASK_SUPERVISOR, 6144, K_PRIO_PREEMPT(3), 100)                        \
	ROW(unit_name, unit, alarm, LEVITAS_TASK_ALARM, 4096, K_PRIO_PREEMPT(4), 100)

/*
 * Those of the host's warming device, below all that the pump needs. The cut-out comes first: whatever the control does, it holds up
 * neither its samples nor its relay.
 */
#if defined(CONFIG_LEVITAS_WARMING)
#define WARMING_THREADS(ROW)                                                                                           \
	ROW(host, LEVITAS_UNIT_HOST, cut_out, LEVITAS_TASK_CUT_OUT, 4096, K_PRIO_PREEMPT(5), 10)                       \
	ROW(host, LEVITAS_UNIT_HOST, warming, LEVITAS_TASK_WARMING, 4096, K_PRIO_PREEMPT(6), 10)
#else
#define WARMING_THREADS(ROW)
#endif

#if defined(CONFIG_LEVITAS_ROLE_HOST)
#define THREADS(ROW)                                                                                                   \
	UNIT_THREADS(ROW, host, LEVITAS_UNIT_HOST)                                                                     \
	WARMING_THREADS(ROW)
#elif defined(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)
#define THREADS(ROW) UNIT_THREADS(ROW, drive, LEVITAS_UNIT_EMERGENCY_DRIVE)
#else
#define THREADS(ROW)                                                                                                   \
	UNIT_THREADS(ROW, host, LEVITAS_UNIT_HOST)                                                                     \
	UNIT_THREADS(ROW, drive, LEVITAS_UNIT_EMERGENCY_DRIVE)                                                         \
	WARMING_THREADS(ROW)
#endif

#define INDEX(unit_name, unit, name, ...) INDEX_##unit_name##_##name,
enum { THREADS(INDEX) THREAD_COUNT };

static struct levitas_thread table[THREAD_COUNT];

#define DEFINE(unit_name, unit, name, task, stack, priority, rate)                                                     \
	K_THREAD_DEFINE(levitas_##unit_name##_##name, stack, levitas_##name##_thread,                                  \
			&table[INDEX_##unit_name##_##name], (void *)(uintptr_t)unit, NULL, priority, K_FP_REGS,        \
			SYS_FOREVER_MS);
THREADS(DEFINE)

#define FILL(unit_name, unit, name, task, stack, priority, rate)                                                       \
	fill(INDEX_##unit_name##_##name, #unit_name "." #name, levitas_##unit_name##_##name, unit, task, rate, priority);

static void fill(size_t index, const char *name, k_tid_t id, uint32_t unit, uint32_t task, uint32_t rate_hz,
		 int priority)
{
	struct levitas_thread *thread = &table[index];

	thread->name = name;
	thread->id = id;
	thread->unit = unit;
	thread->task = task;
	thread->rate_hz = rate_hz;
	thread->priority = priority;
	/* A limit of one: a thread that is late runs once for all the releases it missed. */
	k_sem_init(&thread->release, 0, 1);
}

struct levitas_thread *levitas_threads(size_t *count)
{
	*count = THREAD_COUNT;
	return table;
}

/* In interrupt context. */
static void release(void *user_data)
{
	struct levitas_thread *thread = user_data;

	thread->releases++;
	if (thread->pending) {
		thread->deadline_misses++;
	} else {
		thread->pending = true;
		thread->released_at_cycles = k_cycle_get_32();
	}
	k_sem_give(&thread->release);
}

static void release_by_timer(struct k_timer *timer)
{
	release(CONTAINER_OF(timer, struct levitas_thread, timer));
}

static void end_step(struct levitas_thread *thread)
{
	const unsigned int key = irq_lock();
	const uint32_t now_cycles = k_cycle_get_32();

	thread->running = false;
	thread->steps++;
	thread->response_cycles_max = MAX(thread->response_cycles_max, now_cycles - thread->released_at_cycles);
	thread->step_cycles_max = MAX(thread->step_cycles_max, now_cycles - thread->began_at_cycles);
	/* A release that was missed is served now; it was counted, and its response time starts here. */
	thread->pending = k_sem_count_get(&thread->release) > 0;
	thread->released_at_cycles = now_cycles;
	irq_unlock(key);
}

uint32_t levitas_thread_wait(void *user_data)
{
	struct levitas_thread *thread = user_data;
	unsigned int key;
	uint32_t releases;

	if (thread->running) {
		end_step(thread);
	}
	(void)k_sem_take(&thread->release, K_FOREVER);
	/* Releases that came since the first one are counted as missed; the step that begins now serves them, too. */
	key = irq_lock();
	k_sem_reset(&thread->release);
	releases = thread->releases;
	thread->releases = 0;
	irq_unlock(key);
	thread->began_at_cycles = k_cycle_get_32();
	thread->running = true;
	return releases;
}

static int check(void)
{
	for (size_t i = 0; i < THREAD_COUNT; i++) {
		if (table[i].rate_hz != levitas_schedule_rate_hz(table[i].task)) {
			return -EINVAL;
		}
		if (levitas_port_check(table[i].unit) != 0) {
			return -ENODEV;
		}
	}
	return 0;
}

/* Starts what releases this thread; all of them within one tick, so that their phases agree. */
static int start_releases(struct levitas_thread *thread)
{
	if (thread->task == LEVITAS_TASK_LEVITATION) {
		return levitas_port_start(thread->unit, release, thread);
	}
	k_timer_init(&thread->timer, release_by_timer, NULL);
	/* As in the core's schedule, everything is due in the first period of the levitation task. */
	k_timer_start(&thread->timer, K_USEC(LEVITATION_PERIOD_US), K_USEC(1000000 / thread->rate_hz));
	return 0;
}

int levitas_threads_start(void)
{
	int error;

	THREADS(FILL)
	error = check();
	if (error != 0) {
		return error;
	}
	if (IS_ENABLED(CONFIG_LEVITAS_WORLD) && levitas_world_start() != 0) {
		return -EIO;
	}
	/* Every thread waits for its release before any release can come. */
	for (size_t i = 0; i < THREAD_COUNT; i++) {
		k_thread_start(table[i].id);
	}
	k_sched_lock();
	for (size_t i = 0; i < THREAD_COUNT && error == 0; i++) {
		error = start_releases(&table[i]);
	}
	/* What was released before the error must not run: no thread has made a step while the scheduler is locked. */
	for (size_t i = 0; i < THREAD_COUNT && error != 0; i++) {
		k_thread_abort(table[i].id);
	}
	k_sched_unlock();
	return error;
}
