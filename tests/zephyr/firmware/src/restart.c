/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resets of the whole image on QEMU: a therapy goes on by itself, and only where it should; also where the unit resets itself because its
 * software has failed.
 *
 * The starts that are reset come before the suites. Each notes what it sees in a memory of the tests that a reset leaves alone, and resets the
 * processor by SYSRESETREQ; the last one runs the suites, of which this one judges what was noted. The board has no driver of hwinfo: the cause
 * is what the start before has said. The simulated pump is not kept: at each start the rotor lies at the wall and stands still.
 *
 * Times are those from the reset to main() by a counter of the board that a reset clears (FPGAIO, 20 MHz on QEMU), and from there on by the
 * kernel's clock, that of the plant: where the processor sleeps, QEMU's counter runs ahead of it. One instruction takes 1 ns of both.
 */

#include <string.h>
#include <zephyr/drivers/hwinfo.h>
#include <zephyr/drivers/retained_mem.h>
#include <zephyr/sys/reboot.h>
#include <zephyr/ztest.h>

#include "crash.h"
#include "restart.h"
#include "rust_support.h"
#include "shell_text.h"
#include "shim.h"
#include "threads.h"

#define SPEED_RPM     1000.0f
/* 10 % of the touchdown clearance of plant ecmo-50. */
#define HELD_M        50.0e-6f
#define HELD_MS       20
/* How long a unit is looked at that must do nothing. */
#define LOOKED_MS     100
#define COUNTER       (DT_REG_ADDR(DT_NODELABEL(gpio_led0)) + 0x18)
#define COUNTS_PER_US 20
#define MAGIC         0x74735274U
#define MEMORY_BYTES  DT_REG_SIZE(DT_PARENT(DT_CHOSEN(levitas_retained_memory)))

/* main() of the application; renamed in firmware/CMakeLists.txt. */
int levitas_application_main(void);

/* How the software fails. */
enum failure {
	/* An instruction that does not exist, in a task. */
	FAULT,
	/* The same in an interrupt. */
	FAULT_IN_INTERRUPT,
	/* A task does not end, and lets nothing below it run. */
	STANDS,
	/* Likewise with interrupts locked, which the board's own watchdog alone sees. */
	LOCKS,
	/* A panic of Rust, in a task. */
	PANICS,
};

static const struct {
	enum failure how;
	/* enum levitas_task */
	uint32_t task;
	/* Beside the reason and the name of the thread that is told: longest time from the failure to the reset [ms]; 0: the software does not reset. */
	uint32_t reason;
	const char *thread;
	uint32_t ms_max;
} failures[] = {
	{FAULT, LEVITAS_TASK_SPEED, K_ERR_CPU_EXCEPTION, "levitas_host_speed", 1},
	{FAULT_IN_INTERRUPT, 0, K_ERR_CPU_EXCEPTION, "an interrupt", 1},
	{FAULT, LEVITAS_TASK_LINK, K_ERR_CPU_EXCEPTION, "levitas_host_link", 0},
	{PANICS, LEVITAS_TASK_LEVITATION, K_ERR_KERNEL_OOPS, "levitas_host_levitation", 1},
	{PANICS, LEVITAS_TASK_CIRCULATION, K_ERR_KERNEL_OOPS, "levitas_host_circulation", 0},
	{STANDS, LEVITAS_TASK_LEVITATION, LEVITAS_CRASH_STALLED, "levitas_host_levitation", 11},
	{STANDS, LEVITAS_TASK_LINK, LEVITAS_CRASH_STALLED, "levitas_host_link", 0},
	{STANDS, LEVITAS_TASK_SPEED, LEVITAS_CRASH_STALLED, "levitas_host_speed", 11},
	{STANDS, LEVITAS_TASK_CIRCULATION, LEVITAS_CRASH_STALLED, "levitas_host_circulation", 0},
	{STANDS, LEVITAS_TASK_SUPERVISOR, LEVITAS_CRASH_STALLED, "levitas_host_supervisor", 0},
	{STANDS, LEVITAS_TASK_ALARM, LEVITAS_CRASH_STALLED, "levitas_host_alarm", 0},
	/* The last one: nothing is noted. */
	{LOCKS, LEVITAS_TASK_LEVITATION, 0, NULL, 0},
};

/* What the starts are for, in their order. */
enum {
	DRIVES,
	GOES_ON,
	/* The first one goes on after failures[0]. */
	AFTER_FAILURES,
	AFTER_LAST_FAILURE = AFTER_FAILURES + ARRAY_SIZE(failures) - 1,
	DAMAGED,
	/* These two are power-ups, with a whole record in the memory; they end before and behind the clearing of the cause. */
	CUT_SHORT,
	AFTER_CUT_SHORT,
	CLEARED,
	AFTER_CLEARED,
	RESET_LINE,
	NOT_CLEARED,
	UNKNOWN_CAUSE,
	NOT_BLANKED,
	SUITES,
};

/* Times from the reset. */
struct note {
	uint32_t main_us;
	uint32_t tasks_us;
	/* 0: never. */
	uint32_t held_us;
	uint32_t speed_us;
	struct levitas_unit_status unit;
	struct levitas_truth plant;
	char line[160];
	/* What the shell shows: the alarm of a restart, and the setting of before. */
	bool alarm;
	bool setting;
	/* It tested itself, and nothing failed. */
	bool tested;
	bool is_well;
	/* The line of the status about a crash, and what it is made of. */
	bool tells_crash;
	struct levitas_crash crash;
	/* The failure that ended the start before: time to the reset [us], 0 for one that the software has not seen; the outputs before, then. */
	uint32_t failed_us;
	bool was_driving;
	bool was_released;
	/* Nobody has reset it; the rotor was held all the same. Bits of the tasks, enum levitas_task, that did nothing any more. */
	bool is_late;
	bool was_held;
	uint32_t ended;
	/* A thread that is none of a task has failed, and did not go on. */
	bool is_stopped;
	/* Records in the memory of the unit. */
	uint32_t records;
	/* A record says that this unit drove, when this start is reset. */
	bool drove;
	/* Reads from the memory by the unit, and what is not blank there when the cause is cleared [bytes]. */
	uint32_t reads;
	uint32_t left;
	/* What stands of the cause when the tasks run. */
	uint32_t cause;
};

struct kept {
	uint32_t magic;
	uint32_t start;
	/* What the test's hwinfo says. */
	uint32_t cause;
	uint32_t counts_per_ms;
	/* The suites have begun. */
	bool runs_suites;
	/* Of the counter, when the software began to fail. */
	uint32_t failed_at;
	struct note notes[SUITES];
};

BUILD_ASSERT(sizeof(struct kept) <= DT_REG_SIZE(DT_NODELABEL(test_memory)));
static struct kept *const kept = (struct kept *)DT_REG_ADDR(DT_NODELABEL(test_memory));
static const struct device *const unit_memory = DEVICE_DT_GET(DT_CHOSEN(levitas_retained_memory));

int z_impl_hwinfo_get_supported_reset_cause(uint32_t *supported)
{
	*supported = RESET_POR | RESET_PIN | RESET_SOFTWARE | RESET_WATCHDOG;
	return 0;
}

int z_impl_hwinfo_get_reset_cause(uint32_t *cause)
{
	*cause = kept->cause;
	return 0;
}

static void read_memory(uint8_t bytes[MEMORY_BYTES])
{
	(void)retained_mem_read(unit_memory, 0, bytes, MEMORY_BYTES);
}

static void reset(uint32_t cause)
{
	/* What was not cleared stands beside it, as in a reset controller. */
	kept->cause |= cause;
	kept->start++;
	sys_reboot(SYS_REBOOT_COLD);
}

int z_impl_hwinfo_clear_reset_cause(void)
{
	uint8_t bytes[MEMORY_BYTES];

	if (kept->start >= SUITES) {
		return -ENOSYS;
	}
	read_memory(bytes);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		kept->notes[kept->start].left += bytes[i] != 0;
	}
	if (kept->start == NOT_CLEARED) {
		return -ENOSYS;
	}
	if (kept->start == CUT_SHORT) {
		reset(RESET_WATCHDOG | RESET_PIN);
	}
	kept->cause = 0;
	if (kept->start == CLEARED) {
		reset(RESET_WATCHDOG | RESET_PIN);
	}
	return 0;
}

int32_t __real_levitas_retained_read(uint32_t offset, uint8_t *bytes, uint32_t size);
int32_t __wrap_levitas_retained_read(uint32_t offset, uint8_t *bytes, uint32_t size);
int32_t __real_levitas_retained_blank(void);
int32_t __wrap_levitas_retained_blank(void);

int32_t __wrap_levitas_retained_read(uint32_t offset, uint8_t *bytes, uint32_t size)
{
	if (kept->start < SUITES) {
		kept->notes[kept->start].reads++;
	}
	return __real_levitas_retained_read(offset, bytes, size);
}

int32_t __wrap_levitas_retained_blank(void)
{
	return kept->start == NOT_BLANKED ? -EIO : __real_levitas_retained_blank();
}

/* What was written to the devices last, and before that. */
static struct levitas_levitation_outputs outputs, outputs_before;

void __real_levitas_port_write_levitation(uint32_t unit, const struct levitas_levitation_outputs *of);
void __wrap_levitas_port_write_levitation(uint32_t unit, const struct levitas_levitation_outputs *of);

void __wrap_levitas_port_write_levitation(uint32_t unit, const struct levitas_levitation_outputs *of)
{
	outputs_before = outputs;
	outputs = *of;
	__real_levitas_port_write_levitation(unit, of);
}

FUNC_NORETURN void __real_sys_reboot(int type);
FUNC_NORETURN void __wrap_sys_reboot(int type);

/* At the end of each start but one that the hardware resets. */
FUNC_NORETURN void __wrap_sys_reboot(int type)
{
	if (kept->start >= AFTER_FAILURES && kept->start <= AFTER_LAST_FAILURE) {
		struct note *note = &kept->notes[kept->start];

		note->failed_us = (sys_read32(COUNTER) - kept->failed_at) / COUNTS_PER_US;
		note->was_driving = outputs_before.coil_gate != 0;
		note->was_released = outputs.coil_gate == 0 && outputs.phase_gate == 0 && outputs.drive_line == 0 &&
				     outputs.latch_override == 0;
	}
	__real_sys_reboot(type);
}

/* The task that is to fail. */
static volatile uint32_t victim = LEVITAS_TASK_COUNT;
static volatile enum failure failure;

static __attribute__((noinline)) void fail_here(void)
{
	kept->failed_at = sys_read32(COUNTER);
	if (failure == FAULT || failure == FAULT_IN_INTERRUPT) {
		__asm__ volatile("udf #0");
	}
	if (failure == PANICS) {
		rust_panic_wrap();
	}
	if (failure == LOCKS) {
		(void)irq_lock();
	}
	while (true) {
		compiler_barrier();
	}
}

static void fail_in_interrupt(struct k_timer *timer)
{
	ARG_UNUSED(timer);
	fail_here();
}

static K_TIMER_DEFINE(interrupt, fail_in_interrupt, NULL);

uint32_t __real_levitas_thread_wait(void *user_data);
uint32_t __wrap_levitas_thread_wait(void *user_data);

uint32_t __wrap_levitas_thread_wait(void *user_data)
{
	if (((const struct levitas_thread *)user_data)->task == victim) {
		fail_here();
	}
	return __real_levitas_thread_wait(user_data);
}

static bool is_held(const struct levitas_truth *plant)
{
	const float x_m = plant->displacement_m[0];
	const float y_m = plant->displacement_m[1];

	return x_m * x_m + y_m * y_m < HELD_M * HELD_M;
}

/* Bits of the tasks that end no step in so many milliseconds. */
static uint32_t without_a_step_in(uint32_t time_ms)
{
	size_t count;
	const struct levitas_thread *threads = levitas_threads(&count);
	uint32_t steps[LEVITAS_TASK_COUNT];
	uint32_t bits = 0;

	for (size_t i = 0; i < count; i++) {
		steps[i] = threads[i].steps;
	}
	k_sleep(K_MSEC(time_ms));
	for (size_t i = 0; i < count; i++) {
		bits |= threads[i].steps == steps[i] ? BIT(threads[i].task) : 0;
	}
	return bits;
}

/* Ends this start by one of the failures. */
static void fail(uint32_t number)
{
	kept->cause |= failures[number].how == LOCKS ? RESET_WATCHDOG | RESET_PIN : RESET_SOFTWARE | RESET_PIN;
	kept->start++;
	failure = failures[number].how;
	if (failure == FAULT_IN_INTERRUPT) {
		k_timer_start(&interrupt, K_MSEC(1), K_FOREVER);
	} else {
		victim = failures[number].task;
	}
	k_sleep(K_MSEC(250));
	kept->notes[kept->start].ended = without_a_step_in(250);
	kept->notes[kept->start].is_late = true;
	levitas_world_truth(&kept->notes[kept->start].plant);
	kept->notes[kept->start].was_held = is_held(&kept->notes[kept->start].plant);
	__real_sys_reboot(SYS_REBOOT_COLD);
}

static K_THREAD_STACK_DEFINE(spare_stack, 1024);
static struct k_thread spare;

static void fail_beside(void *unused_1, void *unused_2, void *unused_3)
{
	ARG_UNUSED(unused_1);
	ARG_UNUSED(unused_2);
	ARG_UNUSED(unused_3);
	failure = FAULT;
	fail_here();
}

static void stop_a_spare_thread(struct note *note)
{
	const k_tid_t thread = k_thread_create(&spare, spare_stack, K_THREAD_STACK_SIZEOF(spare_stack), fail_beside, NULL, NULL, NULL,
					       K_PRIO_PREEMPT(11), 0, K_NO_WAIT);

	(void)k_thread_name_set(thread, "spare");
	note->is_stopped = k_thread_join(thread, K_MSEC(100)) == 0;
	k_sleep(K_MSEC(50));
}

static uint32_t main_us, main_cycles;

static uint32_t since_reset_us(void)
{
	return main_us + k_cyc_to_us_floor32(k_cycle_get_32() - main_cycles);
}

/* The records in the memory of the unit, and one bit of each turned. */
static uint32_t records(bool turn, bool *drove)
{
	uint8_t bytes[MEMORY_BYTES];
	uint32_t count = 0;

	*drove = false;
	read_memory(bytes);
	for (size_t at = 0; at + 24 < sizeof(bytes); at++) {
		if (memcmp(bytes + at, "LKP2", 4) == 0) {
			*drove |= bytes[at + 8] == 1;
			bytes[at + 20] ^= turn ? 0x08 : 0;
			count++;
		}
	}
	(void)retained_mem_write(unit_memory, 0, bytes, sizeof(bytes));
	return count;
}

/* A command, and time for it; what became of it shows in what is noted. */
static void command(enum levitas_command_kind kind, float value)
{
	const struct levitas_command of = {.kind = kind, .value = value};

	(void)levitas_command_post(LEVITAS_UNIT_HOST, &of);
	k_sleep(K_MSEC(60));
}

static bool shows(const char *line, const char *text)
{
	int result;

	return strstr(shell_text_run(line, &result), text) != NULL && result == 0;
}

static void look(struct note *note)
{
	const char *line;
	int result;

	levitas_status_read(LEVITAS_UNIT_HOST, &note->unit);
	levitas_world_truth(&note->plant);
	note->cause = kept->cause;
	note->records = records(false, &note->drove);
	note->alarm = shows("levitas alarm", "RESTARTED: ROTOR MAY HAVE RUBBED");
	note->setting = shows("levitas settings", "return_pressure_mmhg_max 280.5");
	(void)levitas_crash_last(&note->crash);
	note->tells_crash = shows("levitas status", "  crash         ");
	line = strstr(shell_text_run("levitas status", &result), "  start ");
	if (line != NULL) {
		strncpy(note->line, line, MIN(strcspn(line, "\r\n"), sizeof(note->line) - 1));
	}
}

/* Until the rotor turns as it should, for two seconds at most. */
static void watch(struct note *note)
{
	uint32_t held_ms = 0;
	uint32_t first_us = 0;

	for (uint32_t ms = 0; ms < 2000 && note->speed_us == 0; ms++) {
		struct levitas_truth plant;

		levitas_world_truth(&plant);
		if (!is_held(&plant)) {
			held_ms = 0;
		} else if (held_ms++ == 0) {
			first_us = since_reset_us();
		}
		if (held_ms == HELD_MS && note->held_us == 0) {
			note->held_us = first_us;
		}
		if (plant.speed_rpm > 0.99f * SPEED_RPM) {
			note->speed_us = since_reset_us();
		}
		k_sleep(K_MSEC(1));
	}
}

static void drive(struct note *note)
{
	command(LEVITAS_COMMAND_LIFT, 0.0f);
	command(LEVITAS_COMMAND_SPEED, SPEED_RPM);
	(void)records(false, &note->drove);
}

/* Once a unit that tests itself is done with it. */
static void wait_for_self_test(struct note *note)
{
	char text[LEVITAS_SELF_TEST_BYTES] = "";

	for (uint32_t ms = 0; ms < 5000; ms += 10) {
		(void)levitas_self_test_text(LEVITAS_UNIT_HOST, 0, text, sizeof(text));
		if (strstr(text, "under way") == NULL) {
			break;
		}
		k_sleep(K_MSEC(10));
	}
	note->tested = strstr(text, "self-test over after ") != NULL;
	note->is_well = strstr(text, " 0 failed") != NULL;
}

/* One start that is not for the suites. */
static void run(uint32_t start, struct note *note)
{
	static const uint32_t next[SUITES] = {
		[DAMAGED] = RESET_POR | RESET_PIN,           [AFTER_CUT_SHORT] = RESET_POR | RESET_PIN,
		[AFTER_CLEARED] = RESET_PIN,                 [RESET_LINE] = RESET_SOFTWARE | RESET_PIN,
		[UNKNOWN_CAUSE] = RESET_POR | RESET_PIN,     [NOT_BLANKED] = RESET_WATCHDOG | RESET_PIN,
	};
	uint32_t counts;
	int result;

	main_us = sys_read32(COUNTER) / COUNTS_PER_US;
	main_cycles = k_cycle_get_32();
	note->main_us = main_us;
	(void)levitas_application_main();
	note->tasks_us = since_reset_us();
	if (start >= GOES_ON && start <= AFTER_LAST_FAILURE) {
		watch(note);
	} else {
		k_sleep(K_MSEC(LOOKED_MS));
	}
	wait_for_self_test(note);
	shell_text_setup();
	look(note);
	switch (start) {
	case DRIVES:
		counts = sys_read32(COUNTER);
		k_busy_wait(10000);
		kept->counts_per_ms = (sys_read32(COUNTER) - counts) / 10;
		(void)shell_text_run("levitas set return_pressure_mmhg_max 280.5", &result);
		drive(note);
		watch(note);
		look(note);
		reset(RESET_SOFTWARE | RESET_PIN);
		break;
	case AFTER_LAST_FAILURE:
		stop_a_spare_thread(&kept->notes[DAMAGED]);
		levitas_world_truth(&note->plant);
		levitas_status_read(LEVITAS_UNIT_HOST, &note->unit);
		/* Behind this the supervisor writes nothing any more. */
		(void)irq_lock();
		note->records = records(true, &note->drove);
		reset(RESET_SOFTWARE | RESET_PIN);
		break;
	case GOES_ON ... AFTER_LAST_FAILURE - 1:
		fail(start - GOES_ON);
		break;
	case NOT_CLEARED:
		drive(note);
		kept->cause = 0;
		reset(0);
		break;
	default:
		drive(note);
		reset(next[start]);
		break;
	}
}

void restart_starts(void)
{
	if (kept->magic != MAGIC) {
		memset(kept, 0, sizeof(*kept));
		kept->magic = MAGIC;
		kept->cause = RESET_POR | RESET_PIN;
	}
	if (kept->start < SUITES) {
		run(kept->start, &kept->notes[kept->start]);
	}
	if (kept->runs_suites) {
		char text[LEVITAS_CRASH_TEXT_BYTES] = "no note";

		levitas_crash_take();
		(void)levitas_crash_text(text, sizeof(text));
		TC_PRINT("reset in a suite: %s\n", text);
		TC_END_REPORT(TC_FAIL);
		k_sleep(K_FOREVER);
	}
	kept->runs_suites = true;
}

/* Nothing was held, and nobody says that it was. */
static void expect_waiting(uint32_t start, const char *line)
{
	const struct note *note = &kept->notes[start];

	zassert_str_equal(note->line, line, "%s", note->line);
	zassert_equal(note->unit.state, LEVITAS_STATE_STANDBY, "state %u", note->unit.state);
	zassert_equal(note->unit.bearing_state, 0, "bearing %u", note->unit.bearing_state);
	zassert_true(note->plant.touching, "the rotor was lifted off");
	zassert_false(note->alarm);
	zassert_false(note->setting);
}

/* Beside that, what a start before has written was not looked at, and is gone where the cause is cleared. */
static void expect_blank(uint32_t start, const char *line)
{
	expect_waiting(start, line);
	zassert_equal(kept->notes[start].reads, 0, "%u reads", kept->notes[start].reads);
	zassert_equal(kept->notes[start].left, 0, "%u bytes left", kept->notes[start].left);
}

ZTEST(restart, test_a_therapy_goes_on_by_itself)
{
	const struct note *before = &kept->notes[DRIVES];
	const struct note *after = &kept->notes[GOES_ON];

	zassert_within(kept->counts_per_ms, 1000 * COUNTS_PER_US, 50, "%u counts per millisecond", kept->counts_per_ms);
	zassert_equal(before->unit.state, LEVITAS_STATE_OPERATING, "state %u", before->unit.state);
	zassert_true(before->setting && !before->alarm);
	zassert_within((int)before->plant.speed_rpm, (int)SPEED_RPM, 30, "%d rpm before", (int)before->plant.speed_rpm);
	TC_PRINT("from the reset: main() %u us, tasks %u us, held %u us, speed back %u us\n", after->main_us, after->tasks_us,
		 after->held_us, after->speed_us);
	TC_PRINT("%s\n", after->line);
	zassert_equal(after->unit.state, LEVITAS_STATE_OPERATING, "state %u", after->unit.state);
	zassert_true(after->held_us > after->tasks_us && after->held_us < 300000, "held after %u us", after->held_us);
	zassert_true(after->speed_us > 0, "the speed did not come back: %d rpm", (int)after->plant.speed_rpm);
	zassert_equal((int)after->unit.speed_setpoint_rpm, (int)SPEED_RPM, "set-point %d rpm", (int)after->unit.speed_setpoint_rpm);
	zassert_false(after->plant.touching);
	zassert_true(after->setting, "a setting of before is lost");
	zassert_true(after->alarm, "nobody says that the rotor was not held");
	zassert_str_equal(after->line, "  start         software; record whole, drove: takes the head by itself, unless the other unit has it");
	zassert_equal(after->records, 2);
	zassert_false(before->tells_crash || after->tells_crash, "a crash is told of");
}

static void expect_told(uint32_t number, const struct note *note)
{
	const bool panics = failures[number].how == PANICS;
	const uint32_t at = (panics ? (uint32_t)(uintptr_t)rust_panic_wrap : (uint32_t)(uintptr_t)fail_here) & ~1U;

	TC_PRINT("%s: failure %u, pc 0x%08x, lr 0x%08x, reset after %u us\n", note->crash.thread, note->crash.reason, note->crash.pc,
		 note->crash.lr, note->failed_us);
	zassert_true(note->tells_crash, "failure %u is not told", number);
	zassert_equal(note->crash.reason, failures[number].reason, "failure %u: reason %u", number, note->crash.reason);
	zassert_str_equal(note->crash.thread, failures[number].thread, "failure %u: %s", number, note->crash.thread);
	zassert_between_inclusive(note->crash.pc, at, at + 64, "failure %u: 0x%08x", number, note->crash.pc);
	zassert_not_equal(note->crash.lr, 0);
	zassert_equal(note->crash.reset, !note->is_late);
	if (note->is_late) {
		return;
	}
	zassert_true(note->was_driving && note->was_released, "failure %u: gates or line are not as they should be", number);
	zassert_true(note->failed_us <= 1000 * failures[number].ms_max, "failure %u: reset after %u us", number, note->failed_us);
}

ZTEST(restart, test_a_unit_whose_software_fails_resets_itself_and_the_therapy_goes_on)
{
	for (uint32_t number = 0; number < ARRAY_SIZE(failures); number++) {
		const struct note *note = &kept->notes[AFTER_FAILURES + number];

		/* Without the tasks that neither hold nor turn the rotor the drive goes on. */
		const bool goes_on = failures[number].ms_max == 0 && failures[number].how != LOCKS;

		zassert_equal(note->is_late, goes_on, "failure %u: reset %u", number, !note->is_late);
		zassert_true(!goes_on || note->was_held, "failure %u: the rotor was let go", number);
		zassert_equal(note->ended, goes_on ? BIT(failures[number].task) : 0, "failure %u: tasks 0x%x have ended", number,
			      note->ended);
		zassert_equal(note->unit.state, LEVITAS_STATE_OPERATING, "failure %u: state %u", number, note->unit.state);
		zassert_true(note->held_us > 0 && note->held_us < 300000 && note->speed_us > 0, "failure %u: held after %u us, speed %u us",
			     number, note->held_us, note->speed_us);
		zassert_true(note->alarm && note->setting, "failure %u", number);
		if (failures[number].how == LOCKS) {
			/* The note of the failure before is told once. */
			zassert_false(note->tells_crash);
			zassert_not_null(strstr(note->line, "watchdog; record whole, drove"), "%s", note->line);
		} else {
			expect_told(number, note);
		}
	}
}

ZTEST(restart, test_a_thread_that_the_drive_can_do_without_is_stopped_and_the_drive_goes_on)
{
	const struct note *during = &kept->notes[AFTER_LAST_FAILURE];
	const struct note *after = &kept->notes[DAMAGED];

	zassert_true(after->is_stopped);
	zassert_equal(during->unit.state, LEVITAS_STATE_OPERATING, "state %u", during->unit.state);
	zassert_true(is_held(&during->plant), "the rotor was let go");
	zassert_true((int)during->plant.speed_rpm > 970, "%d rpm", (int)during->plant.speed_rpm);
	/* Told after the next reset, too, as what it was. */
	zassert_true(after->tells_crash);
	zassert_str_equal(after->crash.thread, "spare");
	zassert_equal(after->crash.reset, 0);
	zassert_false(kept->notes[CUT_SHORT + 1].tells_crash, "told twice");
}

ZTEST(restart, test_a_damaged_record_is_none)
{
	zassert_str_equal(kept->notes[DRIVES].line, "  start         power-up: waits for an operator");
	expect_waiting(DAMAGED, "  start         software; no whole record: waits for an operator");
}

ZTEST(restart, test_nothing_lifts_off_after_a_power_up)
{
	/* Nor where a watchdog comes before the cause is cleared, or right behind that. */
	zassert_true(kept->notes[DAMAGED].drove && kept->notes[AFTER_CUT_SHORT].drove);
	zassert_equal(kept->notes[CUT_SHORT].left, 0, "%u bytes left", kept->notes[CUT_SHORT].left);
	expect_blank(AFTER_CUT_SHORT, "  start         power-up: waits for an operator");
	zassert_equal(kept->notes[CLEARED].left, 0, "%u bytes left", kept->notes[CLEARED].left);
	expect_waiting(AFTER_CLEARED, "  start         watchdog; no whole record: waits for an operator");
}

ZTEST(restart, test_nothing_lifts_off_when_somebody_pulls_the_reset_line)
{
	zassert_true(kept->notes[AFTER_CLEARED].drove);
	expect_blank(RESET_LINE, "  start         reset line: waits for an operator");
}

ZTEST(restart, test_nothing_lifts_off_where_the_cause_is_unknown_or_cannot_be_cleared)
{
	zassert_true(kept->notes[RESET_LINE].drove && kept->notes[NOT_CLEARED].drove);
	expect_waiting(NOT_CLEARED, "  start         software, which cannot be cleared: waits for an operator");
	zassert_equal(kept->notes[NOT_CLEARED].reads, 0);
	expect_blank(UNKNOWN_CAUSE, "  start         unknown cause: waits for an operator");
}

ZTEST(restart, test_a_power_up_stands_until_the_memory_is_blank)
{
	int result;

	zassert_true(kept->notes[UNKNOWN_CAUSE].drove && kept->notes[NOT_BLANKED].drove);
	expect_waiting(NOT_BLANKED, "  start         nothing is kept over a reset: its memory does not hold what is written");
	zassert_equal(kept->notes[NOT_BLANKED].cause, RESET_POR | RESET_PIN);
	zassert_not_null(strstr(shell_text_run("levitas status", &result),
				"start         power-up, which cannot be cleared: waits for an operator"));
}

/* After a power-up and what may be one; a therapy that goes on waits for nothing, and no other watchdog is a power-up. */
ZTEST(restart, test_the_unit_tests_itself_after_a_power_up_alone)
{
	static const uint32_t live[] = {GOES_ON, AFTER_FAILURES, AFTER_LAST_FAILURE, DAMAGED, AFTER_CLEARED};
	static const uint32_t power_up[] = {DRIVES, AFTER_CUT_SHORT, RESET_LINE, NOT_CLEARED, UNKNOWN_CAUSE, NOT_BLANKED};

	for (size_t i = 0; i < ARRAY_SIZE(live); i++) {
		zassert_false(kept->notes[live[i]].tested, "start %u", live[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(power_up); i++) {
		zassert_true(kept->notes[power_up[i]].tested && kept->notes[power_up[i]].is_well, "start %u", power_up[i]);
	}
	TC_PRINT("from the reset to the tasks: %u us with RAM and flash looked at, %u us without\n", kept->notes[DRIVES].tasks_us,
		 kept->notes[GOES_ON].tasks_us);
}

ZTEST_SUITE(restart, NULL, NULL, NULL, NULL, NULL);
