/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calibration record: what the start takes, what is refused and by which name, what the shell shows.
 *
 * The records are encoded by record.c, not by the code under test. What lay in the storage at the start is in
 * record_prepare_storage().
 */

#include <string.h>
#include <zephyr/ztest.h>

#include "record.h"
#include "shell_text.h"
#include "shim.h"

/* Bit of the alarm "calibration", as in src/core/src/mail.rs. */
#define FAULT_CALIBRATION (1U << 19)

static struct levitas_calibration found;

static void *setup(void)
{
	shell_text_setup();
	/* The angle Halls are believed a moment after the start; then no alarm but ours stands. */
	k_sleep(K_MSEC(100));
	return NULL;
}

static void put(uint32_t place, const void *bytes, uint32_t size)
{
	zassert_ok(levitas_storage_write(TEST_UNIT, place, bytes, size));
}

static bool alarm_stands(uint32_t unit)
{
	struct levitas_unit_status status;

	levitas_status_read(unit, &status);
	return (status.faults & FAULT_CALIBRATION) != 0;
}

/* The copy that is named must be refused for this reason, the other one must be what a start takes. */
static void expect_refused(uint32_t place, const char *reason)
{
	char line[32];

	levitas_calibration_read(TEST_UNIT, &found);
	zassert_equal(found.copies[place].state, LEVITAS_COPY_REFUSED, "%s: state %u", reason, found.copies[place].state);
	zassert_equal(strncmp(found.copies[place].reason, reason, strlen(reason)), 0, "%s expected, %s found", reason,
		      found.copies[place].reason);
	zassert_equal(found.place, 1 - place, "%s: place %u", reason, found.place);
	snprintk(line, sizeof(line), "copy %c: refused: %s", 'A' + (int)place, reason);
	shell_text_expect("levitas calibration", 0, line);
}

ZTEST(calibration, test_a_start_takes_the_copy_that_is_left_and_says_so)
{
	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_HOST)) {
		ztest_test_skip();
	}
	levitas_calibration_read(LEVITAS_UNIT_HOST, &found);
	zassert_equal(found.start_place, 1);
	zassert_equal(found.start_sequence, 7);
	zassert_true(alarm_stands(LEVITAS_UNIT_HOST), "copy A was damaged");
	shell_text_expect("levitas status", 0, "faults 0x10080000: calibration, self_test");
	shell_text_expect("levitas calibration", 0, "in force since the start: copy B, number 7");
}

ZTEST(calibration, test_b_start_with_two_bad_copies_runs_on_what_the_drive_is_built_with)
{
	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_BOTH)) {
		ztest_test_skip();
	}
	levitas_calibration_read(LEVITAS_UNIT_HOST, &found);
	zassert_equal(found.start_place, LEVITAS_PLACE_NONE);
	zassert_equal(strncmp(found.copies[0].reason, "serial_number: ", 15), 0, "%s", found.copies[0].reason);
	zassert_equal(strncmp(found.copies[1].reason, "length: 5 bytes", 15), 0, "%s", found.copies[1].reason);
	zassert_true(alarm_stands(LEVITAS_UNIT_HOST), "both copies are bad");
	shell_text_expect("levitas status", 0, "faults 0x10080000: calibration, self_test");
	shell_text_expect("levitas calibration", 0, "in force since the start: the values that the drive is built with");
	/* The other unit has a good copy and an empty place: no reason for an alarm. */
	levitas_calibration_read(LEVITAS_UNIT_EMERGENCY_DRIVE, &found);
	zassert_equal(found.start_place, 0);
	zassert_equal(found.start_sequence, 4);
	zassert_equal(found.copies[1].state, LEVITAS_COPY_MISSING);
	zassert_false(alarm_stands(LEVITAS_UNIT_EMERGENCY_DRIVE));
}

ZTEST(calibration, test_b_start_without_a_storage_runs_on_what_the_drive_is_built_with)
{
	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		ztest_test_skip();
	}
	levitas_calibration_read(TEST_UNIT, &found);
	zassert_equal(found.start_place, LEVITAS_PLACE_NONE);
	zassert_true(alarm_stands(TEST_UNIT), "there may have been a record");
	shell_text_expect("levitas calibration", 0, "copy B: refused: unreadable: the storage does not answer");
	zassert_not_ok(levitas_storage_write(TEST_UNIT, 0, (const uint8_t *)"text", 4));
	/* A new drive has a storage, and nothing in it. */
	record_erase_storage();
	shell_text_expect("levitas calibration", 0, "copy A: missing");
}

/*
 * The mids of the record of the start are 40 mV apart, which is 20 um at the 2 V/mm of a pair: there the tasks hold the
 * rotor. It turns, and the mean is taken over ten turns, because the runout of the target is as large.
 */
ZTEST(calibration, test_c_the_tasks_run_on_the_record)
{
	struct levitas_truth truth;
	float mean_m[2] = {0.0f, 0.0f};

	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_HOST)) {
		ztest_test_skip();
	}
	shell_text_expect("levitas lift", 0, "lifting off");
	k_sleep(K_MSEC(200));
	shell_text_expect("levitas speed 600", 0, "speed set-point 600 rpm");
	k_sleep(K_MSEC(1000));
	for (int ms = 0; ms < 1000; ms++) {
		k_sleep(K_MSEC(1));
		levitas_world_truth(&truth);
		mean_m[0] += truth.displacement_m[0] / 1000.0f;
		mean_m[1] += truth.displacement_m[1] / 1000.0f;
	}
	shell_text_land();
	zassert_within(mean_m[0], 20e-6f, 3e-6f, "x %d nm", (int)(mean_m[0] * 1e9f));
	zassert_within(mean_m[1], 0.0f, 3e-6f, "y %d nm", (int)(mean_m[1] * 1e9f));
	TC_PRINT("held at x %d nm, y %d nm\n", (int)(mean_m[0] * 1e9f), (int)(mean_m[1] * 1e9f));
}

ZTEST(calibration, test_d_a_stored_record_is_found_again)
{
	uint8_t bytes[LEVITAS_RECORD_BYTES];
	float values[LEVITAS_CALIBRATION_VALUES];

	record_erase_storage();
	memcpy(values, record_designed, sizeof(values));
	values[16] = 17.5e3f;
	record_good(bytes, 30, record_designed);
	put(0, bytes, sizeof(bytes));
	record_good(bytes, 31, values);
	put(1, bytes, sizeof(bytes));
	/* As after a reset: nothing of it is in RAM. */
	zassert_ok(levitas_storage_mount());
	levitas_calibration_read(TEST_UNIT, &found);
	zassert_equal(found.place, 1);
	zassert_equal(found.copies[0].sequence, 30);
	zassert_equal(found.copies[1].sequence, 31);
	zassert_mem_equal(found.copies[1].values, values, sizeof(values));
	shell_text_expect("levitas calibration", 0, "in force from the next start on: copy B, number 31");
	shell_text_expect("levitas calibration", 0, "force_displacement_n_per_m [N/mm]      15.000     17.500   5.000 to 35.000");
}

ZTEST(calibration, test_d_a_record_outlives_the_erasing_of_every_sector)
{
	uint8_t bytes[LEVITAS_RECORD_BYTES];

	record_erase_storage();
	record_good(bytes, 1, record_designed);
	put(0, bytes, sizeof(bytes));
	/* 120 bytes a write: each of the four sectors of 4 KiB is filled and erased more than once. */
	for (uint32_t sequence = 2; sequence < 400; sequence++) {
		record_good(bytes, sequence, record_designed);
		put(1, bytes, sizeof(bytes));
	}
	zassert_ok(levitas_storage_mount());
	levitas_calibration_read(TEST_UNIT, &found);
	zassert_equal(found.copies[0].sequence, 1);
	zassert_equal(found.copies[1].sequence, 399);
}

ZTEST(calibration, test_e_what_is_wrong_with_a_copy_is_named)
{
	const struct record_head good = {1, TEST_UNIT, CONFIG_LEVITAS_SERIAL_NUMBER, 51};
	const uint32_t no_number = 0x7fc00000;
	struct record_head head;
	float values[LEVITAS_CALIBRATION_VALUES];
	uint8_t bytes[LEVITAS_RECORD_BYTES];
	uint8_t longer[LEVITAS_RECORD_BYTES + 8] = {0};

	record_erase_storage();
	for (uint32_t place = 0; place < 2; place++) {
		record_good(bytes, 50, record_designed);
		put(1 - place, bytes, sizeof(bytes));

		record_encode(bytes, &good, record_designed);
		put(place, bytes, LEVITAS_RECORD_BYTES - 1);
		expect_refused(place, "length: ");
		memcpy(longer, bytes, sizeof(bytes));
		put(place, longer, sizeof(longer));
		expect_refused(place, "length: ");
		bytes[50] ^= 0x01;
		put(place, bytes, sizeof(bytes));
		expect_refused(place, "crc: ");
		head = good;
		head.version = 2;
		record_encode(bytes, &head, record_designed);
		put(place, bytes, sizeof(bytes));
		expect_refused(place, "version: 2");
		head = good;
		head.set = 1 - TEST_UNIT;
		record_encode(bytes, &head, record_designed);
		put(place, bytes, sizeof(bytes));
		expect_refused(place, "set: ");
		head = good;
		head.serial_number++;
		record_encode(bytes, &head, record_designed);
		put(place, bytes, sizeof(bytes));
		expect_refused(place, "serial_number: ");
		memcpy(values, record_designed, sizeof(values));
		memcpy(&values[4], &no_number, sizeof(no_number));
		record_encode(bytes, &good, values);
		put(place, bytes, sizeof(bytes));
		expect_refused(place, "hall_gain_x = NaN");
		values[4] = 1.0f;
		values[17] = 4.9f;
		record_encode(bytes, &good, values);
		put(place, bytes, sizeof(bytes));
		expect_refused(place, "force_current_n_per_a = 4.9: allowed is 5 to 12");
		record_encode(bytes, &good, record_designed);
		put(place, bytes, sizeof(bytes));
		levitas_calibration_read(TEST_UNIT, &found);
		zassert_equal(found.place, place, "the good one is taken: %s", found.copies[place].reason);
	}
}

ZTEST(calibration, test_f_two_bad_copies_leave_what_the_drive_is_built_with)
{
	record_erase_storage();
	put(0, "noise", 5);
	put(1, "more noise", 10);
	levitas_calibration_read(TEST_UNIT, &found);
	zassert_equal(found.place, LEVITAS_PLACE_NONE);
	shell_text_expect("levitas calibration", 0, "copy B: refused: magic: ");
	shell_text_expect("levitas calibration", 0, "the values that the drive is built with");
}

ZTEST(calibration, test_g_a_storage_that_cannot_be_mounted_is_formatted_by_the_operator)
{
	uint8_t bytes[LEVITAS_RECORD_BYTES];

	record_break_storage();
	shell_text_expect("levitas calibration", 0, "copy A: refused: unreadable: the storage does not answer");
	shell_text_expect("levitas storage format", -EINVAL, "this would be lost:");
	shell_text_expect("levitas storage format", -EINVAL, "levitas storage format erase-calibration");
	shell_text_expect("levitas storage format yes", -EINVAL, "copy B: refused: unreadable");
	shell_text_expect("levitas calibration", 0, "copy A: refused: unreadable");
	shell_text_expect("levitas storage format erase-calibration", 0, "formatted: nothing is stored");
	shell_text_expect("levitas calibration", 0, "copy A: missing");
	record_good(bytes, 3, record_designed);
	put(0, bytes, sizeof(bytes));
	zassert_ok(levitas_storage_mount());
	shell_text_expect("levitas storage format", -EINVAL, "copy A: valid, number 3");
	shell_text_expect("levitas calibration", 0, "copy A: valid, number 3");
}

ZTEST(calibration, test_h_nothing_is_formatted_while_the_rotor_is_held)
{
	uint8_t bytes[LEVITAS_RECORD_BYTES];

	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		ztest_test_skip();
	}
	record_erase_storage();
	record_good(bytes, 3, record_designed);
	put(1, bytes, sizeof(bytes));
	shell_text_expect("levitas lift", 0, "lifting off");
	shell_text_expect("levitas storage format erase-calibration", -EPERM, "refused: the unit is not in standby");
	k_sleep(K_MSEC(200));
	shell_text_expect("levitas storage format erase-calibration", -EPERM, "refused: the unit is not in standby");
	shell_text_expect("levitas land", 0, "landing");
	shell_text_expect("levitas storage format erase-calibration", -EPERM, "refused: the unit is not in standby");
	shell_text_wait_for_standby();
	shell_text_expect("levitas commission", 0, "commissioning begins");
	shell_text_expect("levitas storage format erase-calibration", -EBUSY, "refused: commissioning is under way");
	shell_text_expect("levitas commission stop", 0, "stopping");
	(void)shell_text_await("stopped by the operator; nothing was stored", 5);
	shell_text_wait_for_standby();
	shell_text_expect("levitas calibration", 0, "copy B: valid, number 3");
	shell_text_expect("levitas storage format erase-calibration", 0, "formatted: nothing is stored");
	shell_text_expect("levitas calibration", 0, "copy B: missing");
}

ZTEST_SUITE(calibration, NULL, setup, NULL, NULL, NULL);
