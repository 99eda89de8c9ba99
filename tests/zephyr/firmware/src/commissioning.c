/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commissioning from the shell: a run that is stopped leaves the record as it was; a whole one finds the plant and is
 * stored, and a power cut at any byte of that leaves a whole record.
 */

#include <string.h>
#include <zephyr/stats/stats.h>
#include <zephyr/task_wdt/task_wdt.h>
#include <zephyr/ztest.h>

#include "deadlines.h"
#include "record.h"
#include "shell_text.h"
#include "shim.h"
#include "storage_faults.h"
#include "threads.h"

static struct levitas_commissioning run;

static void *setup(void)
{
	shell_text_setup();
	return NULL;
}

static void before(void *fixture)
{
	uint8_t bytes[LEVITAS_RECORD_BYTES];

	ARG_UNUSED(fixture);
	record_erase_storage();
	for (uint32_t place = 0; place < 2; place++) {
		record_good(bytes, 5, record_designed);
		zassert_ok(levitas_storage_write(TEST_UNIT, place, bytes, sizeof(bytes)));
	}
}

/* Both copies are what `before` wrote. */
static void expect_old_record(void)
{
	uint8_t expected[LEVITAS_RECORD_BYTES], bytes[LEVITAS_RECORD_BYTES];

	record_good(expected, 5, record_designed);
	for (uint32_t place = 0; place < 2; place++) {
		zassert_equal(levitas_storage_read(TEST_UNIT, place, bytes, sizeof(bytes)), sizeof(bytes));
		zassert_mem_equal(bytes, expected, sizeof(bytes), "copy %u", place);
	}
}

static void stop_half_way(const char *command, const char *answer)
{
	int result;

	shell_text_expect("levitas commission", 0, "commissioning begins");
	k_sleep(K_MSEC(600));
	zassert_not_null(strstr(shell_text_output(), "commissioning: wall after 0 s"), "%s", shell_text_output());
	shell_text_expect("levitas status", 0, "host: commissioning, bearing service");
	shell_text_expect("levitas commission", -EBUSY, "refused: commissioning is under way");
	shell_text_expect("levitas lift", -EBUSY, "refused: commissioning is under way");
	zassert_not_null(strstr(shell_text_run(command, &result), answer));
	zassert_ok(result);
	(void)shell_text_await("commissioning: failed in stage wall: stopped by the operator; nothing was stored", 5);
	k_sleep(K_MSEC(100));
	shell_text_expect("levitas status", 0, "host: standby, bearing off");
	zassert_true(levitas_commissioning_read(TEST_UNIT, &run));
	zassert_equal(run.outcome, LEVITAS_OUTCOME_FAILED);
	expect_old_record();
}

ZTEST(commissioning, test_a_run_that_is_stopped_leaves_the_old_record)
{
	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		ztest_test_skip();
	}
	shell_text_expect("levitas commission stop", -EPERM, "refused: nothing is being commissioned");
	stop_half_way("levitas commission stop", "stopping: the rotor is set down");
	stop_half_way("levitas land", "landing");
	zassert_equal(levitas_calibration_store(TEST_UNIT, run.reason, sizeof(run.reason)), -1);
	zassert_not_null(strstr(run.reason, "not stored: no run has passed"), "%s", run.reason);
	expect_old_record();
}

static const struct levitas_thread *supervisor_row(void)
{
	size_t count;
	const struct levitas_thread *threads = levitas_threads(&count);

	for (size_t i = 0; i < count; i++) {
		if (threads[i].task == LEVITAS_TASK_SUPERVISOR && threads[i].unit == TEST_UNIT) {
			return &threads[i];
		}
	}
	zassert_unreachable("no supervisor");
	return NULL;
}

ZTEST(commissioning, test_a_command_that_is_not_answered_is_withdrawn)
{
	const struct levitas_command commission = {.kind = LEVITAS_COMMAND_COMMISSION};
	const k_tid_t supervisor = supervisor_row()->id;

	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		ztest_test_skip();
	}
#if defined(CONFIG_LEVITAS_WATCHDOG)
	/* Or it would be stopped for good. */
	zassert_ok(task_wdt_delete(supervisor_row()->watchdog));
#endif
	k_thread_suspend(supervisor);
	shell_text_expect("levitas lift", -ETIMEDOUT, "no answer: the supervisor does not run; the command is withdrawn");
	shell_text_expect("levitas commission", -ETIMEDOUT, "the command is withdrawn");
	/* What may still begin stays claimed until the supervisor has spoken. */
	shell_text_expect("levitas lift", -EBUSY, "refused: commissioning is under way");
	k_thread_resume(supervisor);
	(void)shell_text_await("commissioning: the supervisor is back and has not begun", 1);
	shell_text_expect("levitas status", 0, "host: standby, bearing off");

	/* It begins all the same, as if the supervisor had been held up between reading the command and saying so. */
	k_thread_suspend(supervisor);
	shell_text_expect("levitas commission", -ETIMEDOUT, "the command is withdrawn");
	(void)levitas_command_post(TEST_UNIT, &commission);
	k_thread_resume(supervisor);
	(void)shell_text_await("commissioning has begun all the same", 1);
	(void)shell_text_await("commissioning: wall after 0 s", 1);
	shell_text_expect("levitas commission stop", 0, "stopping: the rotor is set down");
	(void)shell_text_await("commissioning: failed in stage wall: stopped by the operator", 5);
	k_sleep(K_MSEC(100));
	shell_text_expect("levitas status", 0, "host: standby, bearing off");
	expect_old_record();
}

/* What the commands that need most leave of the shell's stack, where stacks are marked; all other threads: worst_stacks.c. */
ZTEST(commissioning, test_c_stack_of_the_shell)
{
	size_t free_bytes, used_bytes;

	if (IS_ENABLED(CONFIG_ARCH_POSIX)) {
		ztest_test_skip();
	}
	/* The commands run in this thread, not in the shell's. */
	shell_text_expect("levitas status", 0, "since boot");
	shell_text_expect("levitas calibration", 0, "motor_phase_order");
	zassert_ok(k_thread_stack_space_get(k_current_get(), &free_bytes));
	used_bytes = k_current_get()->stack_info.size - free_bytes;
	TC_PRINT("commands: %zu of %u bytes used\n", used_bytes, CONFIG_SHELL_STACK_SIZE);
	zassert_true(used_bytes <= CONFIG_SHELL_STACK_SIZE * 7 / 10, "commands: %zu bytes used", used_bytes);
}

#if defined(CONFIG_LEVITAS_ROLE_HOST)

static struct levitas_calibration found;

/* How far each value may be off: a part of the truth, or an amount; the goals of docs/commissioning.md. */
static const struct {
	const char *name;
	float part;
	float amount;
} goals[] = {
	{"hall_mid", 0.0f, 5e-3f},
	{"hall_gain", 0.01f, 0.0f},
	{"coil_pickup", 0.0f, 0.5e-6f},
	{"runout", 0.0f, 1e-6f},
	{"force", 0.03f, 0.0f},
	{"coil_resistance", 0.02f, 0.0f},
	{"coil_inductance", 0.02f, 0.0f},
	{"angle_hall_offset", 0.0f, 0.02f},
	{"motor_phase_order", 0.0f, 0.0f},
};

static void expect_accurate(const float *values)
{
	float truth[LEVITAS_CALIBRATION_VALUES];
	struct levitas_field field;

	levitas_world_calibration(truth);
	for (uint32_t index = 0; index < LEVITAS_CALIBRATION_VALUES; index++) {
		size_t row = 0;

		zassert_true(levitas_field_read(index, &field));
		while (row < ARRAY_SIZE(goals) && strncmp(field.name, goals[row].name, strlen(goals[row].name)) != 0) {
			row++;
		}
		zassert_true(row < ARRAY_SIZE(goals), "no goal for %s", field.name);
		zassert_within(values[index], truth[index],
			       goals[row].part * (truth[index] < 0.0f ? -truth[index] : truth[index]) + goals[row].amount,
			       "%s: %d e-9 found, %d e-9 is the case", field.name, (int)(values[index] * 1e9f),
			       (int)(truth[index] * 1e9f));
	}
}

/* A counter or threshold of the simulated flash, by its name. */
struct entry {
	const char *name;
	uint32_t *value;
};

static int take_entry(struct stats_hdr *group, void *wanted, const char *name, uint16_t offset)
{
	struct entry *entry = wanted;

	if (strcmp(name, entry->name) == 0) {
		entry->value = (uint32_t *)((uint8_t *)group + offset);
	}
	return 0;
}

static uint32_t *flash_entry(const char *group, const char *name)
{
	struct entry entry = {.name = name};

	(void)stats_walk(stats_group_find(group), take_entry, &entry);
	zassert_not_null(entry.value, "%s", name);
	return entry.value;
}

/* Stores with the power cut in a write call, after so many bytes of it; whether the cut came before the end. */
static bool store_with_cut(uint32_t call, uint32_t bytes)
{
	uint32_t *calls = flash_entry("flash_sim_stats", "flash_write_calls");
	uint32_t *calls_max = flash_entry("flash_sim_thresholds", "max_write_calls");
	uint32_t *length_max = flash_entry("flash_sim_thresholds", "max_len");
	char line[160];
	int result;

	*calls_max = *calls + call;
	*length_max = bytes;
	result = levitas_calibration_store(TEST_UNIT, line, sizeof(line));
	*calls_max = 0;
	zassert_equal(result == 0, strstr(line, "in both copies") != NULL, "%s", line);
	zassert_ok(levitas_storage_mount());
	return result != 0;
}

static void expect_whole_record(uint32_t call, uint32_t bytes)
{
	levitas_calibration_read(TEST_UNIT, &found);
	zassert_not_equal(found.place, LEVITAS_PLACE_NONE, "call %u, %u bytes: nothing is left", call, bytes);
	if (found.copies[found.place].sequence == 5) {
		zassert_mem_equal(found.copies[found.place].values, record_designed, sizeof(record_designed));
	} else {
		zassert_equal(found.copies[found.place].sequence, 6);
		zassert_mem_equal(found.copies[found.place].values, run.values, sizeof(record_designed));
	}
}

static void cut_the_power_everywhere(void)
{
	uint32_t cuts = 0;

	/* Data and entry of two copies are four calls. */
	for (uint32_t call = 1; call <= 4; call++) {
		for (uint32_t bytes = 0; bytes < LEVITAS_RECORD_BYTES; bytes++) {
			before(NULL);
			cuts += store_with_cut(call, bytes);
			expect_whole_record(call, bytes);
		}
	}
	/* All of the data, and 8 bytes of each entry at least. */
	zassert_true(cuts >= 2 * (LEVITAS_RECORD_BYTES - 1 + 8 - 1), "only %u cuts were any", cuts);
}

/* After the two reads of the selection comes the one of the first copy that was written. */
#define READS_BEFORE 2

static void expect_store(uint32_t bad_reads, int expected, const char *text)
{
	char line[160];

	before(NULL);
	storage_faults_read(READS_BEFORE, bad_reads);
	zassert_equal(levitas_calibration_store(TEST_UNIT, line, sizeof(line)), expected, "%s", line);
	storage_faults_read(0, 0);
	zassert_not_null(strstr(line, text), "%s", line);
	/* The next start takes it, whatever was answered: it says so. */
	levitas_calibration_read(TEST_UNIT, &found);
	zassert_equal(found.copies[found.place].sequence, 6, "%s", line);
}

static void a_read_that_fails_is_told_as_it_is(void)
{
	expect_store(1, 1, "stored as number 6 in one copy only: copy B does not read back as written; in force from the next");
	expect_store(2, 2, "not known to be stored: copy B does not read back as written; the next start takes number 6 if it");
}

/* The follower is less important than the test: it waits with its record until the test has had its say. */
static K_SEM_DEFINE(writing, 0, 1);
static K_SEM_DEFINE(may_write, 0, 1);

static void hold_the_write(void)
{
	k_sem_give(&writing);
	(void)k_sem_take(&may_write, K_FOREVER);
}

static void expect_no_lift_while_it_is_written(void)
{
	static const char *const refused = "refused: the calibration record is being written";

	zassert_ok(k_sem_take(&writing, K_SECONDS(120)), "nothing was written");
	shell_text_expect("levitas status", 0, "host: standby, bearing off");
	shell_text_expect("levitas lift", -EBUSY, refused);
	shell_text_expect("levitas commission", -EBUSY, refused);
	shell_text_expect("levitas storage format erase-calibration", -EBUSY, refused);
	shell_text_expect("levitas status", 0, "host: standby, bearing off");
	k_sem_give(&may_write);
}

ZTEST(commissioning, test_b_a_whole_run_finds_the_plant_and_is_stored)
{
	struct levitas_unit_status status_before, status;
	const uint32_t misses = deadline_misses();
	char line[160];

	levitas_status_read(TEST_UNIT, &status_before);
	storage_faults_at_write(hold_the_write);
	shell_text_expect("levitas commission", 0, "commissioning begins");
	expect_no_lift_while_it_is_written();
	TC_PRINT("%u s\n", shell_text_await("commissioning: passed, stored as number 6 in both copies", 120));
	shell_text_show();
	levitas_status_read(TEST_UNIT, &status);
	zassert_equal(status.touchdown_count, status_before.touchdown_count, "the rotor touched");
	zassert_equal(deadline_misses(), misses, "a task came late");

	zassert_true(levitas_commissioning_read(TEST_UNIT, &run));
	levitas_calibration_read(TEST_UNIT, &found);
	for (uint32_t place = 0; place < 2; place++) {
		zassert_equal(found.copies[place].state, LEVITAS_COPY_VALID, "%s", found.copies[place].reason);
		zassert_equal(found.copies[place].sequence, 6);
		zassert_mem_equal(found.copies[place].values, run.values, sizeof(found.copies[place].values));
	}
	expect_accurate(run.values);
	shell_text_expect("levitas calibration", 0, "in force from the next start on: copy A, number 6");
	cut_the_power_everywhere();
	a_read_that_fails_is_told_as_it_is();

	record_break_storage();
	zassert_equal(levitas_calibration_store(TEST_UNIT, line, sizeof(line)), -1);
	zassert_not_null(strstr(line, "not stored: copy A: storage error -"), "%s", line);
}

#endif

ZTEST_SUITE(commissioning, NULL, setup, before, NULL, NULL);
