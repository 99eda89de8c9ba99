/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of the whole application: what is written down, that it is linked, and power cuts in the middle of it. The log itself is
 * tested in tests/zephyr/records.
 */

#include <string.h>
#include <zephyr/ztest.h>

#include "crash.h"
#include "flash_cuts.h"
#include "record.h"
#include "records.h"
#include "shell.h"
#include "shell_text.h"

#define CUTS 500

static void *setup(void)
{
	shell_text_setup();
	return NULL;
}

static void expect_whole(struct levitas_records_check *check)
{
	levitas_records_check(check);
	zassert_equal(check->missing + check->unlinked, 0, "%u missing, %u not linked of %u", check->missing, check->unlinked,
		      check->count);
	zassert_equal(check->count, check->last - check->first + 1);
}

/* The thread writes an event in 100 ms, at the lowest priority. */
ZTEST(records, test_a_what_happens_is_written_down)
{
	struct levitas_records_check check;

	shell_text_expect("levitas log 1000", 0, " log 1, value 0, cause 1");
	shell_text_expect("levitas speed 100", -EPERM, "refused");
	k_sleep(K_MSEC(1200));
	/* Not levitated: code 3 of Refusal; kind 4. A kit is looked for in shell_commands.c. */
	shell_text_expect("levitas log 100", 0, " command 3, value 100, cause 4");
	shell_text_expect("levitas trend", 0, " speed_setpoint_rpm 0 ");
	shell_text_expect("levitas trend 0", -EINVAL, "number \"0\": allowed is 1 to 10000 records");
	shell_text_expect("levitas log verify", 0, "; 0 missing, 0 not linked to the one before, 0 damaged places");
	expect_whole(&check);
}

#if defined(CONFIG_LEVITAS_WATCHDOG)
/* What the thread of the records is told. */
static const struct levitas_crash *volatile crash_found;

bool __real_levitas_crash_last(struct levitas_crash *crash);
bool __wrap_levitas_crash_last(struct levitas_crash *crash);

bool __wrap_levitas_crash_last(struct levitas_crash *crash)
{
	if (crash_found == NULL) {
		return __real_levitas_crash_last(crash);
	}
	*crash = *crash_found;
	return true;
}

/* On native_sim no note outlives a reset, and nothing fails. */
ZTEST(records, test_a_crash_is_written_down)
{
	static const struct levitas_crash crash = {.reason = LEVITAS_CRASH_STALLED, .pc = 268436000, .reset = 1, .thread = "task"};

	crash_found = &crash;
	k_sleep(K_MSEC(1000));
	crash_found = NULL;
	shell_text_expect("levitas log 40", 0, " crash 5, value 0, cause 268436000");
}
#endif

ZTEST(records, test_b_a_power_cut_takes_no_event_that_was_acknowledged)
{
	struct levitas_records_check check;
	uint8_t says[LEVITAS_EVENT_BYTES];

	expect_whole(&check);
	flash_cuts_seed(1);
	for (uint32_t cut = 0; cut < CUTS; cut++) {
		uint32_t acknowledged = check.last;

		flash_cuts_arm(1 + flash_cuts_draw(30), flash_cuts_draw(8) == 0);
		for (uint32_t i = 0; !flash_cuts_is_cut(); i++) {
			levitas_event_make(LEVITAS_SOURCE_STORAGE, LEVITAS_STORAGE_KEY_SET, TEST_UNIT, i, says);
			acknowledged += levitas_record_event(says) == 0 && !flash_cuts_is_cut();
		}
		(void)flash_cuts_end();
		/* Writes that the unit has started, beside what was under way. */
		zassert_ok(levitas_records_open(), "cut %u", cut);
		expect_whole(&check);
		zassert_true(check.last - acknowledged >= 1 && check.last - acknowledged <= 2, "cut %u: last %u, acknowledged %u", cut,
			     check.last, acknowledged);
	}
	TC_PRINT("%u cuts, %u of them in an erase: events %u to %u are there and linked\n", CUTS, flash_cuts_torn_erases, check.first,
		 check.last);
	shell_text_expect("levitas log verify", 0, "; 0 missing, 0 not linked to the one before, ");
}

/* Lifting off takes the head: 2000 samples in parts of five. Those of two units may lie among each other. */
ZTEST(records, test_d_taking_the_head_makes_a_snapshot)
{
	struct levitas_record_cursor cursor = {0};
	uint8_t record[LEVITAS_SNAPSHOT_RECORD_BYTES];
	uint32_t parts[LEVITAS_UNIT_COUNT] = {0};

	shell_text_expect(IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE) ? "levitas lift alone" : "levitas lift", 0, "lifting off");
	k_sleep(K_MSEC(2000));
	shell_text_expect("levitas land", 0, "landing");
	k_sleep(K_MSEC(3000));
	while (levitas_records_next(LEVITAS_LOG_SNAPSHOTS, &cursor, record)) {
		zassert_equal(record[12], 1, "a takeover");
		zassert_true(record[13] < LEVITAS_UNIT_COUNT, "unit %u", record[13]);
		zassert_equal(record[14] | record[15] << 8, 5 * (parts[record[13]] % 400), "unit %u: part %u", record[13],
			      parts[record[13]]);
		parts[record[13]]++;
	}
	zassert_true(parts[OPERATED_UNIT] >= 400, "%u parts", parts[OPERATED_UNIT]);
	for (uint32_t unit = 0; unit < LEVITAS_UNIT_COUNT; unit++) {
		zassert_equal(parts[unit] % 400, 0, "unit %u: %u parts", unit, parts[unit]);
	}
}

/* Somebody exchanges an event for another one, with a CRC that fits, as he who knows the format can. */
ZTEST(records, test_c_an_event_that_was_exchanged_shows)
{
	struct levitas_record_cursor cursor = {0};
	struct levitas_records_check check;
	uint8_t before[LEVITAS_EVENT_RECORD_BYTES], record[LEVITAS_EVENT_RECORD_BYTES], other[LEVITAS_EVENT_RECORD_BYTES];
	uint8_t says[LEVITAS_EVENT_BYTES], *place;

	zassert_true(levitas_records_next(LEVITAS_LOG_EVENTS, &cursor, before));
	zassert_true(levitas_records_next(LEVITAS_LOG_EVENTS, &cursor, record));
	levitas_event_make(LEVITAS_SOURCE_STORAGE, LEVITAS_STORAGE_FORMATTED, TEST_UNIT, 0, says);
	levitas_event_record(before, 1, 2, says, other);
	place = flash_cuts_memory(FIXED_PARTITION_ID(events_partition));
	while (memcmp(place, record, sizeof(record)) != 0) {
		place++;
	}
	memcpy(place, other, sizeof(other));
	levitas_records_check(&check);
	zassert_equal(check.unlinked, 1);
	shell_text_expect("levitas log verify", -EILSEQ, "; 0 missing, 1 not linked to the one before, ");
	memcpy(place, record, sizeof(record));
	expect_whole(&check);
}

ZTEST_SUITE(records, NULL, setup, NULL, NULL, NULL);
