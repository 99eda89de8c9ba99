/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The logs of records on the simulated flash: power cuts at every write and erase, decay, wrap, and Zephyr's own FCB as a reader.
 */

#include <string.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/ztest.h>

#include "flash_cuts.h"
#include "sample.h"

#define EVENTS FIXED_PARTITION_ID(events_partition)
#define TRENDS FIXED_PARTITION_ID(trends_partition)
/* Slots of a sector: as in record_log.c. */
#define SLOTS(record_bytes) ((4096 - 8) / ((record_bytes) + 2))
#define EVENT_BYTES 44
#define TREND_BYTES 56

static struct flash_sector event_sectors[4], trend_sectors[8];
static struct levitas_record_log events = {
	.area_id = EVENTS, .record_bytes = EVENT_BYTES, .sector_bytes = 4096, .sectors = event_sectors, .sectors_max = 4};
static struct levitas_record_log trends = {
	.area_id = TRENDS, .record_bytes = TREND_BYTES, .sector_bytes = 4096, .sectors = trend_sectors, .sectors_max = 8};

/* SPI NOR at 24 MHz, one line, READ (03h): 8 bits a byte, 4 bytes of command, and 25 us of driver a transaction. */
static uint32_t read_us(struct flash_use use)
{
	return use.reads * 25 + (uint32_t)((use.bytes_read + 4ULL * use.reads) * 8 / 24);
}

/* What a start may take, for events, trends and snapshots together: each log has a third. */
#define START_US_MAX (200000 / 3)

/* The longest start of a log; with the most sectors that FCB counts the first slot of each one more is read, of the largest record. */
static void expect_in_time(const struct levitas_record_log *log, uint32_t longest_us)
{
	const struct flash_use slot = {.reads = 1, .bytes_read = LEVITAS_RECORD_BYTES_MAX + 2};
	const uint32_t most_us = longest_us + (LEVITAS_RECORD_SECTORS_MAX - log->fcb.f_sector_cnt) * read_us(slot);

	TC_PRINT("longest start of a log of %u sectors: %u us; reckoned for %u sectors: %u us\n", log->fcb.f_sector_cnt, longest_us,
		 LEVITAS_RECORD_SECTORS_MAX, most_us);
	zassert_true(longest_us > 0 && most_us < START_US_MAX, "%u us, allowed %u us", most_us, START_US_MAX);
}

static void erase(uint8_t area_id)
{
	const struct flash_area *area;

	zassert_ok(flash_area_open(area_id, &area));
	zassert_ok(flash_area_erase(area, 0, area->fa_size));
}

static void before_each(void *fixture)
{
	ARG_UNUSED(fixture);
	(void)flash_cuts_end();
	flash_cuts_stick(NULL);
	flash_cuts_seed(CONFIG_TEST_SEED);
	erase(EVENTS);
	erase(TRENDS);
	zassert_ok(levitas_record_log_open(&events));
	zassert_ok(levitas_record_log_open(&trends));
}

static int append(struct levitas_record_log *log)
{
	uint8_t record[LEVITAS_RECORD_BYTES_MAX];

	sample_next(log, record);
	return levitas_record_log_append(log, record);
}

static void append_many(struct levitas_record_log *log, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		zassert_ok(append(log), "record %u", i);
	}
}

/* A log without a gap, whole and linked, whose last record is `last`, with as many as its sectors but two always hold. */
static void expect_whole(const struct levitas_record_log *log, uint32_t last, const char *when)
{
	const struct sample_walk walk = sample_walk(log);
	const uint32_t kept = (log->fcb.f_sector_cnt - 2) * SLOTS(log->record_bytes);

	zassert_equal(walk.wrong + walk.missing + walk.unlinked, 0, "%s: %u wrong, %u missing, %u not linked of %u", when,
		      walk.wrong, walk.missing, walk.unlinked, walk.count);
	zassert_equal(walk.last, last, "%s: last %u, expected %u", when, walk.last, last);
	/* Torn places take the room of a record each. */
	zassert_true(walk.count + walk.damaged >= MIN(last, kept), "%s: %u records and %u damaged places of %u", when, walk.count,
		     walk.damaged, MIN(last, kept));
}

ZTEST(records, test_an_empty_log_and_one_of_every_length_go_on_after_a_start)
{
	expect_whole(&events, 0, "empty");
	for (uint32_t count = 1; count < 6 * SLOTS(EVENT_BYTES); count++) {
		append_many(&events, 1);
		zassert_ok(levitas_record_log_open(&events));
		zassert_equal(events.last_number, count);
	}
	expect_whole(&events, 6 * SLOTS(EVENT_BYTES) - 1, "at the end");
}

/* The start of a log, which must not wait for an erase; how long the flash takes for it. */
static uint32_t start_us(struct levitas_record_log *log)
{
	struct flash_use use;

	(void)flash_cuts_use();
	zassert_ok(levitas_record_log_open(log));
	use = flash_cuts_use();
	zassert_true(use.writes + use.erases == 0 || log->last_number == 0, "a start writes");
	return read_us(use);
}

ZTEST(records, test_power_cuts_lose_no_record_that_was_acknowledged)
{
	uint32_t acknowledged = 0, unacknowledged_kept = 0, longest_us = 0;

	flash_cuts_torn_writes = flash_cuts_torn_erases = 0;
	for (uint32_t cut = 0; cut < CONFIG_TEST_POWER_CUTS; cut++) {
		char when[24];

		/* One operation in 250 is an erase: some cuts are kept for these. */
		if (flash_cuts_draw(4) == 0) {
			flash_cuts_arm(1, true);
		} else {
			flash_cuts_arm(1 + flash_cuts_draw(20), false);
		}
		while (true) {
			int error = append(&events);

			if (flash_cuts_is_cut()) {
				break;
			}
			zassert_ok(error);
			acknowledged++;
		}
		(void)flash_cuts_end();
		longest_us = MAX(longest_us, start_us(&events));
		snprintk(when, sizeof(when), "seed %d, cut %u", CONFIG_TEST_SEED, cut);
		/* The record that was under way is there or not. */
		zassert_true(events.last_number == acknowledged || events.last_number == acknowledged + 1,
			     "%s: last %u, acknowledged %u", when, events.last_number, acknowledged);
		unacknowledged_kept += events.last_number - acknowledged;
		acknowledged = events.last_number;
		expect_whole(&events, acknowledged, when);
	}
	TC_PRINT("%u cuts: %u torn writes, %u torn erases; %u records, of which %u whole though not acknowledged\n",
		 CONFIG_TEST_POWER_CUTS, flash_cuts_torn_writes, flash_cuts_torn_erases, acknowledged, unacknowledged_kept);
	expect_in_time(&events, longest_us);
	zassert_true(flash_cuts_torn_writes > 0 && flash_cuts_torn_erases > 0);
}

ZTEST(records, test_a_log_begins_although_the_power_is_cut)
{
	for (uint32_t round = 0; round < 2000; round++) {
		uint8_t *memory = flash_cuts_memory(EVENTS);
		uint32_t acknowledged = 0;

		erase(EVENTS);
		for (uint32_t i = 0; round % 4 == 0 && i < 4 * 4096; i++) {
			memory[i] = flash_cuts_draw(256);
		}
		for (uint32_t cut = 0; cut < 4; cut++) {
			flash_cuts_arm(1 + flash_cuts_draw(10), false);
			(void)levitas_record_log_open(&events);
			for (uint32_t i = 0; i < 5 && !flash_cuts_is_cut(); i++) {
				acknowledged += append(&events) == 0 && !flash_cuts_is_cut();
			}
			(void)flash_cuts_end();
			zassert_ok(levitas_record_log_open(&events));
			zassert_true(events.last_number - acknowledged <= 1, "round %u: last %u, acknowledged %u", round,
				     events.last_number, acknowledged);
			acknowledged = events.last_number;
			expect_whole(&events, acknowledged, "at the beginning");
		}
	}
}

ZTEST(records, test_decay_loses_the_records_that_it_hits_and_no_other)
{
	uint8_t *memory = flash_cuts_memory(EVENTS);

	for (uint32_t round = 0; round < 500; round++) {
		struct sample_walk walk;
		uint32_t hits = 1 + flash_cuts_draw(20), last, was;

		erase(EVENTS);
		zassert_ok(levitas_record_log_open(&events));
		append_many(&events, 1 + flash_cuts_draw(5 * SLOTS(EVENT_BYTES)));
		was = sample_walk(&events).count;
		last = events.last_number;
		for (uint32_t hit = 0; hit < hits; hit++) {
			memory[flash_cuts_draw(4 * 4096)] ^= BIT(flash_cuts_draw(8));
		}
		zassert_ok(levitas_record_log_open(&events));
		walk = sample_walk(&events);
		zassert_equal(walk.wrong, 0);
		zassert_true(walk.count + hits >= was, "round %u: %u of %u left of %u hits", round, walk.count, was, hits);
		/* Each hole has a record behind it, or is the end. */
		zassert_true(walk.missing <= hits && last - walk.last <= hits, "round %u", round);
		append_many(&events, 1);
		zassert_equal(sample_walk(&events).last, walk.last + 1);
	}
}

ZTEST(records, test_a_sector_that_is_gone_costs_its_own_records)
{
	uint8_t *memory = flash_cuts_memory(EVENTS);
	struct sample_walk walk;

	append_many(&events, 2 * SLOTS(EVENT_BYTES) + 10);
	memset(memory + 4096, 0x5a, 4096);
	zassert_ok(levitas_record_log_open(&events));
	walk = sample_walk(&events);
	zassert_equal(walk.count, SLOTS(EVENT_BYTES) + 10);
	zassert_equal(walk.damaged, SLOTS(EVENT_BYTES));
	zassert_equal(walk.missing, 1);
	append_many(&events, 1);
	zassert_equal(sample_walk(&events).last, 2 * SLOTS(EVENT_BYTES) + 11);
	/* Half of the newest sector is blank by decay. */
	memset(memory + 2 * 4096, 0xff, 8 + 3 * (EVENT_BYTES + 2));
	zassert_ok(levitas_record_log_open(&events));
	zassert_equal(events.last_number, 2 * SLOTS(EVENT_BYTES) + 11);
	/* And where there is nothing but noise, a log begins. */
	for (uint32_t i = 0; i < 4 * 4096; i++) {
		memory[i] = flash_cuts_draw(256);
	}
	zassert_ok(levitas_record_log_open(&events));
	append_many(&events, 3);
	expect_whole(&events, 3, "after noise");
}

ZTEST(records, test_a_newest_sector_whose_beginning_is_blank_is_still_the_newest)
{
	append_many(&events, 2 * SLOTS(EVENT_BYTES) + 11);
	memset(flash_cuts_memory(EVENTS) + 2 * 4096, 0xff, 8 + 10 * (EVENT_BYTES + 2));
	zassert_ok(levitas_record_log_open(&events));
	zassert_equal(events.last_number, 2 * SLOTS(EVENT_BYTES) + 11);
}

ZTEST(records, test_a_place_that_does_not_keep_its_bits_is_gone_round)
{
	struct sample_walk walk;

	append_many(&events, 5);
	flash_cuts_stick(flash_cuts_memory(EVENTS) + 8 + 5 * (EVENT_BYTES + 2) + 20);
	append_many(&events, 5);
	walk = sample_walk(&events);
	expect_whole(&events, 10, "beside a stuck bit");
	zassert_equal(walk.damaged, 1);
	zassert_ok(levitas_record_log_open(&events));
	expect_whole(&events, 10, "after a start");
}

ZTEST(records, test_a_full_flash_drops_the_oldest_trends_and_no_event)
{
	/* A week of trends beside as many events as never fill their partition. */
	for (uint32_t second = 0; second < 7 * 86400; second++) {
		append_many(&trends, 1);
		if (second % 6000 == 0) {
			append_many(&events, 1);
		}
	}
	zassert_ok(levitas_record_log_open(&trends));
	zassert_ok(levitas_record_log_open(&events));
	expect_whole(&trends, 7 * 86400, "trends");
	expect_whole(&events, 101, "events");
	zassert_equal(sample_walk(&events).first, 1);
	zassert_true(sample_walk(&trends).first > 7 * 86400 - 8 * SLOTS(TREND_BYTES));
}

/*
 * Both logs run over, several times, with as many events as their sectors beside those of the trends allow: here 176 at least, 704 s, beside
 * 560 s of trends at most; on native_sim 1232, 82 minutes, beside 75.
 */
ZTEST(records, test_when_both_logs_run_over_the_oldest_trends_go_first_and_events_last)
{
	const uint32_t event_s = 4, last_s = 10 * 4 * SLOTS(EVENT_BYTES) * event_s;

	for (uint32_t second = 1; second <= last_s; second++) {
		uint32_t oldest_event_s, oldest_trend_s;

		append_many(&trends, 1);
		if (second % event_s != 0) {
			continue;
		}
		append_many(&events, 1);
		oldest_event_s = event_s * sample_walk(&events).first;
		oldest_trend_s = sample_walk(&trends).first;
		/* The first event came as the fourth trend did. */
		zassert_true(oldest_event_s <= oldest_trend_s + event_s, "%u s: events since %u s, trends since %u s", second,
			     oldest_event_s, oldest_trend_s);
	}
	zassert_true(sample_walk(&events).first > 1 && sample_walk(&trends).first > 1, "both have run over");
	expect_whole(&events, last_s / event_s, "events");
	expect_whole(&trends, last_s, "trends");
}

static int count_elements(struct fcb_entry_ctx *entry, void *context)
{
	uint32_t *count = context;

	*count += entry->loc.fe_data_len == EVENT_BYTES;
	return 0;
}

/* The flash is what Zephyr's own FCB makes of it, as long as no power was cut. */
ZTEST(records, test_fcb_reads_every_record_by_itself)
{
	for (uint32_t round = 0; round < 5; round++) {
		struct fcb other = {.f_magic = events.fcb.f_magic, .f_version = events.fcb.f_version,
				    .f_sectors = event_sectors, .f_sector_cnt = 4};
		uint32_t count = 0;

		append_many(&events, SLOTS(EVENT_BYTES) + 7);
		zassert_ok(levitas_record_log_open(&events));
		zassert_ok(fcb_init(EVENTS, &other));
		zassert_ok(fcb_walk(&other, NULL, count_elements, &count));
		zassert_equal(count, sample_walk(&events).count);
		zassert_equal(other.f_active.fe_sector, events.fcb.f_active.fe_sector);
		zassert_equal(other.f_active.fe_elem_off, events.fcb.f_active.fe_elem_off);
	}
}

/* What FCB makes of one torn header, and why it is not asked. */
ZTEST(records, test_fcb_by_itself_would_lose_the_log_by_one_torn_header)
{
	struct fcb other = {.f_magic = events.fcb.f_magic, .f_version = events.fcb.f_version,
			    .f_sectors = event_sectors, .f_sector_cnt = 4};

	append_many(&events, 50);
	flash_cuts_memory(EVENTS)[4096] = 0x4c;
	zassert_equal(fcb_init(EVENTS, &other), -ENOMSG);
	zassert_ok(levitas_record_log_open(&events));
	expect_whole(&events, 50, "torn header");
}

ZTEST(records, test_a_start_reads_little)
{
	uint32_t longest_us = 0;

	for (uint32_t count = 0; count < 9 * SLOTS(TREND_BYTES); count++) {
		append_many(&trends, 1);
		longest_us = MAX(longest_us, start_us(&trends));
	}
	expect_in_time(&trends, longest_us);
}

ZTEST_SUITE(records, NULL, NULL, before_each, NULL, NULL);
