/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread table of the firmware and what releases the threads.
 *
 * Levitation is released by the trigger of its displacement Halls, the others by a timer each, so that none
 * depends on another. Levitation is the only cooperative thread: once it has begun, nothing but interrupts runs
 * until it waits again. The rates are the core's (src/core/src/schedule.rs), which is checked at start.
 */

#include <zephyr/drivers/watchdog.h>
#include <zephyr/sys/printk.h>
#include <zephyr/task_wdt/task_wdt.h>

#include "crash.h"
#include "port.h"
#include "shim.h"
#include "threads.h"

#define LEVITATION_PERIOD_US 50

/*
 * On a board what the calls in its image take, and 30 % to spare (cargo xtask boards). With the simulated plant, which moves within the
 * levitation thread, in images that are made for speed, what the suite worst_stacks wants.
 */
#define STACK(board, simulated) (IS_ENABLED(CONFIG_LEVITAS_WORLD) ? (simulated) : (board))

/* Task threads of one unit: name, stack [bytes], priority, rate [Hz]; the entry is levitas_NAME_thread. */
#define UNIT_THREADS(ROW, unit_name, unit)                                                                             \
	ROW(unit_name, unit, levitation, LEVITAS_TASK_LEVITATION, STACK(2816, 8192), K_PRIO_COOP(0), 20000)             \
	ROW(unit_name, unit, link, LEVITAS_TASK_LINK, STACK(3200, 4096), K_PRIO_PREEMPT(0), 2000)                                   \
	ROW(unit_name, unit, speed, LEVITAS_TASK_SPEED, STACK(1280, 2048), K_PRIO_PREEMPT(1), 1000)                                 \
	ROW(unit_name, unit, circulation, LEVITAS_TASK_CIRCULATION, STACK(3072, 4096), K_PRIO_PREEMPT(2), 100)                      \
	ROW(unit_name, unit, supervisor, LEVITAS_TASK_SUPERVISOR, 7680, K_PRIO_PREEMPT(3), 100)                        \
	ROW(unit_name, unit, alarm, LEVITAS_TASK_ALARM, 2304, K_PRIO_PREEMPT(4), 100)

/*
 * Those of the host's warming device, below all that the pump needs. The cut-out comes first: whatever the control does, it holds up
 * neither its samples nor its relay.
 */
#if defined(CONFIG_LEVITAS_WARMING)
#define WARMING_THREADS(ROW)                                                                                           \
	ROW(host, LEVITAS_UNIT_HOST, cut_out, LEVITAS_TASK_CUT_OUT, STACK(1024, 2048), K_PRIO_PREEMPT(5), 10)                       \
	ROW(host, LEVITAS_UNIT_HOST, warming, LEVITAS_TASK_WARMING, STACK(1024, 2048), K_PRIO_PREEMPT(6), 10)
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
	thread->watchdog = -1;
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

#if defined(CONFIG_LEVITAS_WATCHDOG)
/* A task stands that has not ended a step in ten of its periods, and in so long at least. */
#define STANDS_PERIODS 10
#define STANDS_MS_MIN  10
BUILD_ASSERT(CONFIG_TASK_WDT_MIN_TIMEOUT == STANDS_MS_MIN);

/* The first ones of the table: those of the unit. */
#define ONE(...) +1
#define WATCHED  (0 UNIT_THREADS(ONE, any, 0))
BUILD_ASSERT(CONFIG_TASK_WDT_CHANNELS == WATCHED);

/* The tasks run and are watched. */
static bool watches;

/* The first error of that. */
static int watch_error;

/* When a task was last stopped. Those that it has kept from the processor have so long to feed their watchdogs. */
static int64_t stopped_ms = -STANDS_MS_MIN;

/* The board's watchdog, if it has one that is ready, and its channel. */
static const struct device *hardware;
static int hardware_channel;

/* Once per millisecond at most. */
static void feed(const struct levitas_thread *thread)
{
	if (thread->watchdog >= 0 && thread->steps % MAX(thread->rate_hz / 1000, 1) == 0) {
		(void)task_wdt_feed(thread->watchdog);
		if (hardware != NULL) {
			/* One that has not been started takes it for nothing; one that was started by the board must have it. */
			(void)wdt_feed(hardware, hardware_channel);
		}
	}
}

void levitas_threads_stopped(k_tid_t thread)
{
	stopped_ms = k_uptime_get();
	for (size_t i = 0; i < WATCHED; i++) {
		if (table[i].id == thread) {
			(void)task_wdt_delete(table[i].watchdog);
			table[i].watchdog = -1;
		}
	}
}

/* One that does not let go of the processor keeps the others from their watchdogs, too: it is the one that stands. */
static void stands(int channel, void *user_data)
{
	const struct levitas_thread *found = user_data;
	bool holds_processor = false;

	ARG_UNUSED(channel);
	for (size_t i = 0; i < WATCHED; i++) {
		if (table[i].id == k_current_get() && table[i].running &&
		    k_cyc_to_ms_floor32(k_cycle_get_32() - table[i].began_at_cycles) >= STANDS_MS_MIN / 2) {
			found = &table[i];
			holds_processor = true;
		}
	}
	if (holds_processor || k_uptime_get() - stopped_ms >= STANDS_MS_MIN) {
		levitas_crash_stalled(found->id);
	}
}

/* Zephyr's task watchdog would start it as well, and keep to itself that this has failed. */
static int start_hardware(const struct device *device)
{
	const struct wdt_timeout_cfg timeout = {
		.window.max = CONFIG_TASK_WDT_MIN_TIMEOUT + CONFIG_TASK_WDT_HW_FALLBACK_DELAY,
		.flags = WDT_FLAG_RESET_SOC,
	};
	int channel;

	if (device == NULL) {
		return 0;
	}
	if (!device_is_ready(device)) {
		return -ENODEV;
	}
	hardware = device;
	channel = wdt_install_timeout(device, &timeout);
	hardware_channel = MAX(channel, 0);
	return channel < 0 ? channel : wdt_setup(device, WDT_OPT_PAUSE_HALTED_BY_DBG);
}

/*
 * Those of the warming device have none: hardware opens their relays when their levels stand, and `warming_silent` tells of it. A board
 * without a hardware watchdog, or with one that does not work, drives all the same.
 */
static void watch(void)
{
	watch_error = start_hardware(DEVICE_DT_GET_OR_NULL(DT_ALIAS(watchdog0)));
	(void)task_wdt_init(NULL);
	for (size_t i = 0; i < WATCHED; i++) {
		table[i].watchdog = task_wdt_add(MAX(STANDS_PERIODS * 1000 / table[i].rate_hz, STANDS_MS_MIN), stands, &table[i]);
		watch_error = watch_error == 0 ? MIN(table[i].watchdog, 0) : watch_error;
	}
	watches = true;
}

int levitas_threads_watch_error(void)
{
	return watch_error;
}

bool levitas_threads_can_do_without(k_tid_t thread)
{
	for (size_t i = 0; i < THREAD_COUNT; i++) {
		if (table[i].id == thread) {
			return table[i].task != LEVITAS_TASK_LEVITATION && table[i].task != LEVITAS_TASK_SPEED;
		}
	}
	return watches;
}
#else
static void feed(const struct levitas_thread *thread)
{
	ARG_UNUSED(thread);
}

static void watch(void)
{
}

int levitas_threads_watch_error(void)
{
	return 0;
}
#endif

static void end_step(struct levitas_thread *thread)
{
	const unsigned int key = irq_lock();
	const uint32_t now_cycles = k_cycle_get_32();

	thread->running = false;
	thread->steps++;
	thread->response_cycles_max = MAX(thread->response_cycles_max, now_cycles - thread->released_at_cycles);
	thread->step_cycles_max = MAX(thread->step_cycles_max, now_cycles - thread->began_at_cycles);
	/* A release that was missed is served now; it was counted, and its response time starts here. */
	thread->pending = thread->releases > 0;
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
		feed(thread);
	}
	/*
	 * Releases that came since the first one are counted as missed; the step that begins now serves them, too, and the semaphore may
	 * still count one that was served.
	 */
	do {
		(void)k_sem_take(&thread->release, K_FOREVER);
		key = irq_lock();
		releases = thread->releases;
		thread->releases = 0;
		irq_unlock(key);
	} while (releases == 0);
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
	if (error == 0) {
		watch();
	}
	/* What was released before the error must not run: no thread has made a step while the scheduler is locked. */
	for (size_t i = 0; i < THREAD_COUNT && error != 0; i++) {
		k_thread_abort(table[i].id);
	}
	k_sched_unlock();
	if (levitas_threads_watch_error() != 0) {
		printk("levitas: watchdog: error %d: this unit may stand without being reset\n", levitas_threads_watch_error());
	}
	return error;
}
