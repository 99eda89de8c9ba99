/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calibration record at the shell: values with their ranges, both copies, and the storage made new.
 */

#include <errno.h>
#include <string.h>
#include <zephyr/kernel.h>

#include "decimal.h"
#include "shell.h"

/* What must be typed behind "levitas storage format". */
#define FORMAT_WORD "erase-calibration"

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

void levitas_shell_value(const struct shell *sh, uint32_t index, const float *first, const float *second)
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

static void print_copies(const struct shell *sh, const struct levitas_calibration *calibration)
{
	for (uint32_t place = 0; place < ARRAY_SIZE(calibration->copies); place++) {
		const struct levitas_calibration_copy *copy = &calibration->copies[place];

		if (copy->state == LEVITAS_COPY_VALID) {
			shell_print(sh, "  copy %c: valid, number %u", 'A' + (int)place, copy->sequence);
		} else {
			shell_print(sh, "  copy %c: %s%s", 'A' + (int)place,
				    copy->state == LEVITAS_COPY_REFUSED ? "refused: " : "", copy->reason);
		}
	}
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
	/* Not static: several shells may print at a time. */
	struct levitas_calibration calibration;
	uint32_t sequence;

	levitas_calibration_read(unit, &calibration);
	sequence = calibration.place < ARRAY_SIZE(calibration.copies) ? calibration.copies[calibration.place].sequence : 0;
	shell_print(sh, "%s: unit number %u", levitas_shell_unit_name(unit), levitas_serial_number());
	print_copies(sh, &calibration);
	print_place(sh, "in force since the start", calibration.start_place, calibration.start_sequence);
	if (calibration.place != calibration.start_place || sequence != calibration.start_sequence) {
		print_place(sh, "in force from the next start on", calibration.place, sequence);
	}
	if (calibration.place == LEVITAS_PLACE_NONE) {
		return;
	}
	shell_print(sh, "  %-34s %10s %10s   %s", "value", "copy A", "copy B", "plausible");
	for (uint32_t index = 0; index < LEVITAS_CALIBRATION_VALUES; index++) {
		levitas_shell_value(sh, index, &calibration.copies[0].values[index], &calibration.copies[1].values[index]);
	}
}

int levitas_shell_calibration(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	levitas_shell_each_unit(sh, print_calibration);
	return 0;
}

static void revoke_key(const struct shell *sh, uint32_t unit)
{
	ARG_UNUSED(sh);
	levitas_key_revoke(unit);
}

/* Formats, and says what came of it. */
static int format_storage(const struct shell *sh)
{
	int error;

	if (levitas_shell_settled_state(OPERATED_UNIT) != LEVITAS_STATE_STANDBY) {
		shell_error(sh, "refused: the unit is not in standby: land first");
		return -EPERM;
	}
	/* First: also where erasing fails half-way, nobody commands by a key that is gone. */
	levitas_shell_each_unit(sh, revoke_key);
	error = levitas_storage_format();
	if (error != 0) {
		shell_error(sh, "not formatted: storage error %d; commands of the link are refused until the next start", error);
		return error;
	}
	if (IS_ENABLED(CONFIG_LEVITAS_RECORDS)) {
		levitas_record_storage(LEVITAS_STORAGE_FORMATTED, OPERATED_UNIT);
	}
	levitas_kits_keep();
	shell_print(sh, "formatted: nothing is stored; the drive is to be commissioned, and to get another command key");
	return 0;
}

static void print_loss(const struct shell *sh, uint32_t unit)
{
	struct levitas_calibration calibration;
	char key[80];

	(void)levitas_key_read(unit, key, sizeof(key));
	levitas_calibration_read(unit, &calibration);
	shell_print(sh, "%s: unit number %u; this would be lost:", levitas_shell_unit_name(unit), levitas_serial_number());
	print_copies(sh, &calibration);
	shell_print(sh, "  command key: %s", key);
}

int levitas_shell_storage_format(const struct shell *sh, size_t argc, char **argv)
{
	const char *other;
	int error;

	if (argc < 2 || strcmp(argv[1], FORMAT_WORD) != 0) {
		levitas_shell_each_unit(sh, print_loss);
		shell_error(sh, "from the next start on the drive would run on the values it is built with; if that is wanted: "
				"levitas storage format " FORMAT_WORD);
		return -EINVAL;
	}
	other = levitas_work_begin(LEVITAS_WORK_FORMATTING);
	if (other != NULL) {
		shell_error(sh, "refused: %s", other);
		return -EBUSY;
	}
	error = format_storage(sh);
	levitas_work_go_on(LEVITAS_WORK_NONE);
	return error;
}
