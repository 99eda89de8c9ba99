/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commissioning and the calibration record at the shell.
 *
 * The routine itself is stepped by the supervisor. A thread below the shell follows it, tells each stage, prints what
 * was found and writes the record: flash is erased and written at the lowest priority there is, and the shell stays
 * free for "levitas commission stop". It sleeps on a semaphore while nothing is commissioned.
 */

#include <errno.h>
#include <string.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/atomic.h>

#include "decimal.h"
#include "shell.h"

#define FOLLOW_STACK_BYTES 4096
#define FOLLOW_PRIORITY    K_PRIO_PREEMPT(11)
/* How often it looks, and for how long: a run takes 50 s and ends by itself within three minutes. */
#define FOLLOW_MS          50
#define FOLLOW_MS_MAX      180000

static K_SEM_DEFINE(begun, 0, 1);
/* A run that is followed; its shell. Set by the command, cleared by the follower. */
static atomic_t following;
static const struct shell *follower_shell;

/* How a value is shown, by the end of its name. */
static const struct {
	const char *suffix;
	const char *unit;
	float factor;
	uint32_t scale;
} shown[] = {
	{"_m_per_a", "um/A", 1.0e6f, 1000}, {"_n_per_m", "N/mm", 1.0e-3f, 1000}, {"_n_per_a", "N/A", 1.0f, 1000},
	{"_ohm", "ohm", 1.0f, 1000},        {"_rad", "rad", 1.0f, 1000},         {"_kg", "g", 1.0e3f, 10},
	{"_v", "mV", 1.0e3f, 10},           {"_h", "mH", 1.0e3f, 1000},          {"_m", "um", 1.0e6f, 100},
	{"", "", 1.0f, 1000},
};

static bool ends_with(const char *text, const char *end)
{
	const size_t length = strlen(text);
	const size_t end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* The row of a name; the last one fits every name. */
static size_t shown_as(const char *name)
{
	size_t row = 0;

	while (row + 1 < ARRAY_SIZE(shown) && !ends_with(name, shown[row].suffix)) {
		row++;
	}
	return row;
}

/* A number as text; what is no number is a dash. */
static const char *format(char text[16], float value, size_t row)
{
	const uint32_t scale = shown[row].scale;
	const struct decimal number = decimal(value == value ? value * shown[row].factor : 0.0f, scale);

	if (value != value) {
		return "-";
	}
	snprintk(text, 16, "%s%u.%0*u", number.sign, (unsigned int)number.whole,
		 scale == 10 ? 1 : (scale == 100 ? 2 : 3), (unsigned int)number.digits);
	return text;
}

/* One line of a table: name and unit, one or two values, range. */
static void print_value(const struct shell *sh, uint32_t index, const float *first, const float *second)
{
	struct levitas_field field;
	char name[44], texts[4][16];
	size_t row;

	if (!levitas_field_read(index, &field)) {
		return;
	}
	row = shown_as(field.name);
	snprintk(name, sizeof(name), "%s%s%s%s", field.name, shown[row].unit[0] ? " [" : "", shown[row].unit,
		 shown[row].unit[0] ? "]" : "");
	shell_print(sh, "  %-34s %10s %10s   %s to %s", name, format(texts[0], *first, row),
		    second ? format(texts[1], *second, row) : "", format(texts[2], field.min, row),
		    format(texts[3], field.max, row));
}

/* Follows a run to its end; false when it does not end. */
static bool follow(const struct shell *sh, struct levitas_commissioning *run)
{
	uint32_t stage = UINT32_MAX;

	for (uint32_t waited_ms = 0; waited_ms < FOLLOW_MS_MAX; waited_ms += FOLLOW_MS) {
		if (levitas_commissioning_read(OPERATED_UNIT, run)) {
			if (run->stage != stage) {
				stage = run->stage;
				shell_print(sh, "commissioning: %s after %u s", run->stage_name, waited_ms / 1000);
			}
			if (run->outcome != LEVITAS_OUTCOME_RUNNING) {
				return true;
			}
		}
		k_sleep(K_MSEC(FOLLOW_MS));
	}
	return false;
}

/* What came of a run, and the record of one that passed. */
static void conclude(const struct shell *sh, const struct levitas_commissioning *run)
{
	static char line[160];

	if (run->outcome != LEVITAS_OUTCOME_PASSED) {
		shell_error(sh, "commissioning: failed in %s; nothing was stored, what was in force stays so",
			    run->reason);
		return;
	}
	shell_print(sh, "  %-34s %10s %10s   %s", "value", "found", "", "plausible");
	for (uint32_t index = 0; index < LEVITAS_COMMISSIONING_VALUES; index++) {
		print_value(sh, index, &run->values[index], NULL);
	}
	if (levitas_calibration_store(OPERATED_UNIT, line, sizeof(line)) == 0) {
		shell_print(sh, "commissioning: passed, %s", line);
	} else {
		shell_error(sh, "commissioning: passed, %s", line);
	}
}

static void follower(void *unused_1, void *unused_2, void *unused_3)
{
	static struct levitas_commissioning run;

	ARG_UNUSED(unused_1);
	ARG_UNUSED(unused_2);
	ARG_UNUSED(unused_3);
	for (;;) {
		(void)k_sem_take(&begun, K_FOREVER);
		if (follow(follower_shell, &run)) {
			conclude(follower_shell, &run);
		} else {
			shell_error(follower_shell, "commissioning: no end in sight: the supervisor does not run");
		}
		atomic_clear(&following);
	}
}

K_THREAD_DEFINE(levitas_commission, FOLLOW_STACK_BYTES, follower, NULL, NULL, NULL, FOLLOW_PRIORITY, K_FP_REGS, 0);

int levitas_shell_commission(const struct shell *sh, size_t argc, char **argv)
{
	int error;

	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	if (!atomic_cas(&following, 0, 1)) {
		shell_error(sh, "refused: the run before has not ended, or its record is being stored");
		return -EBUSY;
	}
	error = levitas_shell_operate(sh, LEVITAS_COMMAND_COMMISSION, 0.0f);
	if (error != 0) {
		atomic_clear(&following);
		return error;
	}
	shell_print(sh, "commissioning begins and takes 50 s; \"levitas commission stop\" ends it");
	follower_shell = sh;
	k_sem_give(&begun);
	return 0;
}

int levitas_shell_commission_stop(const struct shell *sh, size_t argc, char **argv)
{
	struct levitas_unit_status status;
	int error;

	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	levitas_status_read(OPERATED_UNIT, &status);
	if (status.state != LEVITAS_STATE_COMMISSIONING) {
		shell_error(sh, "refused: nothing is being commissioned");
		return -EPERM;
	}
	error = levitas_shell_operate(sh, LEVITAS_COMMAND_LAND, 0.0f);
	if (error == 0) {
		shell_print(sh, "stopping: the rotor is set down");
	}
	return error;
}

static void print_place(const struct shell *sh, const char *when, uint32_t place, uint32_t sequence)
{
	if (place == LEVITAS_PLACE_NONE) {
		shell_print(sh, "  %s: the values that the drive is built with", when);
	} else {
		shell_print(sh, "  %s: copy %c, number %u", when, 'A' + (int)place, sequence);
	}
}

static void print_calibration(const struct shell *sh, uint32_t unit)
{
	/* One shell thread prints at a time. */
	static struct levitas_calibration calibration;
	uint32_t sequence;

	levitas_calibration_read(unit, &calibration);
	sequence = calibration.place < ARRAY_SIZE(calibration.copies) ? calibration.copies[calibration.place].sequence : 0;
	shell_print(sh, "%s: unit number %u", levitas_shell_unit_name(unit), levitas_serial_number());
	for (uint32_t place = 0; place < ARRAY_SIZE(calibration.copies); place++) {
		const struct levitas_calibration_copy *copy = &calibration.copies[place];

		if (copy->state == LEVITAS_COPY_VALID) {
			shell_print(sh, "  copy %c: valid, number %u", 'A' + (int)place, copy->sequence);
		} else {
			shell_print(sh, "  copy %c: %s%s", 'A' + (int)place,
				    copy->state == LEVITAS_COPY_REFUSED ? "refused: " : "", copy->reason);
		}
	}
	print_place(sh, "in force since the start", calibration.start_place, calibration.start_sequence);
	if (calibration.place != calibration.start_place || sequence != calibration.start_sequence) {
		print_place(sh, "in force from the next start on", calibration.place, sequence);
	}
	if (calibration.place == LEVITAS_PLACE_NONE) {
		return;
	}
	shell_print(sh, "  %-34s %10s %10s   %s", "value", "copy A", "copy B", "plausible");
	for (uint32_t index = 0; index < LEVITAS_CALIBRATION_VALUES; index++) {
		print_value(sh, index, &calibration.copies[0].values[index], &calibration.copies[1].values[index]);
	}
}

int levitas_shell_calibration(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	levitas_shell_each_unit(sh, print_calibration);
	return 0;
}
