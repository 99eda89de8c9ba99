/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that writes records, at the lowest priority of all: an erase of the flash holds up nothing but records.
 *
 * What the tasks say waits in a queue of each unit; what the shell does is written at once, by the shell's own thread. An event
 * that cannot be written stays in the queue, and where the queue is full the events behind it are counted as lost.
 */

#include <errno.h>
#include <string.h>
#include <zephyr/kernel.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/sys/byteorder.h>
#include <zephyr/sys/printk.h>

#include "crash.h"
#include "records.h"

#define PERIOD_MS       100
#define TREND_PERIOD_MS 1000
#define PARTS_PER_PERIOD 40
/* One event a period in the long run, and so many at once: a flood wears no flash out. */
#define EVENTS_AT_ONCE 128

/* As small as the flash has them, as large as FCB needs them. */
#define PAGE_BYTES          4096
/* What the calls in the image of a board take, and 30 %: docs/boards.md. A simulated flash takes more. */
#define STACK_BYTES         (IS_ENABLED(CONFIG_LEVITAS_WORLD) ? 4096 : 2304)
#define SECTOR_BYTES(label) ROUND_UP(DIV_ROUND_UP(FIXED_PARTITION_SIZE(label), LEVITAS_RECORD_SECTORS_MAX), PAGE_BYTES)
#define SECTOR_COUNT(label) (FIXED_PARTITION_SIZE(label) / SECTOR_BYTES(label))

/* storage.c sees to it that nothing is executed from this flash. */
#define ON_STORAGE(label)                                                                                              \
	DT_SAME_NODE(DT_MTD_FROM_FIXED_PARTITION(DT_NODELABEL(label)), DT_MTD_FROM_FIXED_PARTITION(DT_NODELABEL(storage_partition)))
BUILD_ASSERT(ON_STORAGE(events_partition) && ON_STORAGE(trends_partition) && ON_STORAGE(snapshots_partition),
	     "the partitions of records lie on another flash than storage_partition");

static struct flash_sector event_sectors[SECTOR_COUNT(events_partition)];
static struct flash_sector trend_sectors[SECTOR_COUNT(trends_partition)];
static struct flash_sector snapshot_sectors[SECTOR_COUNT(snapshots_partition)];

#define LOG(label, bytes, of)                                                                                          \
	{.area_id = FIXED_PARTITION_ID(label), .record_bytes = bytes, .sector_bytes = SECTOR_BYTES(label), .sectors = of, .sectors_max = ARRAY_SIZE(of)}

static struct levitas_record_log logs[LEVITAS_LOG_COUNT] = {
	[LEVITAS_LOG_EVENTS] = LOG(events_partition, LEVITAS_EVENT_RECORD_BYTES, event_sectors),
	[LEVITAS_LOG_TRENDS] = LOG(trends_partition, LEVITAS_TREND_RECORD_BYTES, trend_sectors),
	[LEVITAS_LOG_SNAPSHOTS] = LOG(snapshots_partition, LEVITAS_SNAPSHOT_RECORD_BYTES, snapshot_sectors),
};

/* The thread that writes, the shells that write and read. */
static K_MUTEX_DEFINE(using);
static uint32_t start;

static const uint8_t *last_of(const struct levitas_record_log *log)
{
	return log->last_number != 0 ? log->last : NULL;
}

static int write_event(const uint8_t says[LEVITAS_EVENT_BYTES], uint32_t time_ms)
{
	struct levitas_record_log *log = &logs[LEVITAS_LOG_EVENTS];
	uint8_t record[LEVITAS_EVENT_RECORD_BYTES];

	levitas_event_record(last_of(log), start, time_ms, says, record);
	return levitas_record_log_append(log, record);
}

static int32_t record_event(const uint8_t says[LEVITAS_EVENT_BYTES], uint32_t time_ms)
{
	int error;

	k_mutex_lock(&using, K_FOREVER);
	error = write_event(says, time_ms);
	k_mutex_unlock(&using);
	return error;
}

uint32_t levitas_uptime_ms(void)
{
	return k_uptime_get_32();
}

int32_t levitas_record_event(const uint8_t says[LEVITAS_EVENT_BYTES])
{
	return record_event(says, levitas_uptime_ms());
}

void levitas_record_storage(uint32_t code, uint32_t unit)
{
	uint8_t says[LEVITAS_EVENT_BYTES];

	levitas_event_make(LEVITAS_SOURCE_STORAGE, code, unit, 0, says);
	if (levitas_record_event(says) != 0) {
		printk("levitas: records: a change of the storage is not written down\n");
	}
}

int levitas_records_open(void)
{
	uint8_t says[LEVITAS_EVENT_BYTES];
	int error = 0;
	bool has_events = false;

	k_mutex_lock(&using, K_FOREVER);
	for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
		int failed = levitas_record_log_open(&logs[i]);

		if (failed != 0) {
			printk("levitas: records: log %u (0 events, 1 trends, 2 snapshots): error %d: nothing is written there\n",
			       (uint32_t)i, failed);
		}
		has_events = has_events || (i == LEVITAS_LOG_EVENTS && failed == 0);
		error = error != 0 ? error : failed;
	}
	/* Behind number and before time: see src/core/src/records/mod.rs. */
	start = 1 + (last_of(&logs[LEVITAS_LOG_EVENTS]) != NULL ? sys_get_le32(logs[LEVITAS_LOG_EVENTS].last + 4) : 0);
	levitas_event_make(LEVITAS_SOURCE_LOG, LEVITAS_LOG_STARTED,
			   IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE) ? LEVITAS_UNIT_EMERGENCY_DRIVE : LEVITAS_UNIT_HOST,
			   levitas_serial_number(), says);
	if (has_events) {
		int failed = write_event(says, levitas_uptime_ms());

		error = error != 0 ? error : failed;
	}
	k_mutex_unlock(&using);
	return error;
}

bool levitas_records_next(enum levitas_log log, struct levitas_record_cursor *cursor, uint8_t *record)
{
	bool found;

	k_mutex_lock(&using, K_FOREVER);
	found = levitas_record_log_next(&logs[log], cursor, record);
	k_mutex_unlock(&using);
	return found;
}

void levitas_records_check(struct levitas_records_check *check)
{
	struct levitas_record_cursor cursor = {0};
	uint8_t record[LEVITAS_EVENT_RECORD_BYTES], before[LEVITAS_EVENT_RECORD_BYTES];

	memset(check, 0, sizeof(*check));
	while (levitas_records_next(LEVITAS_LOG_EVENTS, &cursor, record)) {
		uint32_t step = levitas_event_step(check->count != 0 ? before : NULL, record);

		check->missing += step > LEVITAS_STEP_GAP ? step - LEVITAS_STEP_GAP : 0;
		check->unlinked += step == LEVITAS_STEP_BROKEN || step == LEVITAS_STEP_BACK;
		check->last = sys_get_le32(record);
		check->first = check->count == 0 ? check->last : check->first;
		check->count++;
		memcpy(before, record, sizeof(before));
	}
	check->damaged = cursor.damaged;
	if (check->count != 0) {
		levitas_event_link(before, check->link);
	}
}

/* Events of each unit that may be written now. */
static uint32_t allowed[LEVITAS_UNIT_COUNT] = {EVENTS_AT_ONCE, EVENTS_AT_ONCE};

static void write_events(uint32_t unit)
{
	uint8_t says[LEVITAS_EVENT_BYTES];
	uint32_t time_ms = levitas_uptime_ms();

	allowed[unit] = MIN(allowed[unit] + 1, EVENTS_AT_ONCE);
	for (; allowed[unit] > 0 && levitas_event_next(unit, says, &time_ms); allowed[unit]--) {
		if (record_event(says, time_ms) != 0) {
			return;
		}
		levitas_event_written(unit, says);
		time_ms = levitas_uptime_ms();
	}
}

#if defined(CONFIG_LEVITAS_WATCHDOG)
/* What this start has found, and what fails from then on. */
static void write_crash(uint32_t unit)
{
	static struct levitas_crash written;
	uint8_t says[LEVITAS_EVENT_BYTES];
	struct levitas_crash crash;

	if (levitas_crash_last(&crash) && memcmp(&crash, &written, sizeof(crash)) != 0) {
		levitas_event_make(LEVITAS_SOURCE_CRASH, crash.reason, unit, crash.pc, says);
		if (levitas_record_event(says) == 0) {
			written = crash;
		}
	}
}
#else
static void write_crash(uint32_t unit)
{
	ARG_UNUSED(unit);
}
#endif

static void write_trend(uint32_t unit)
{
	struct levitas_record_log *log = &logs[LEVITAS_LOG_TRENDS];
	uint8_t record[LEVITAS_TREND_RECORD_BYTES];

	k_mutex_lock(&using, K_FOREVER);
	levitas_trend_record(last_of(log), start, k_uptime_get_32(), unit, record);
	/* One that is not written is missing by its time; the next one has its number. */
	(void)levitas_record_log_append(log, record);
	k_mutex_unlock(&using);
}

/* A snapshot takes a second, so that events come in between; a part that cannot be written is tried again. */
static void write_snapshot(uint32_t unit)
{
	static uint32_t parts[LEVITAS_UNIT_COUNT];
	struct levitas_record_log *log = &logs[LEVITAS_LOG_SNAPSHOTS];
	uint8_t record[LEVITAS_SNAPSHOT_RECORD_BYTES];

	for (int i = 0; i < PARTS_PER_PERIOD; i++) {
		int error = 0;
		bool found;

		k_mutex_lock(&using, K_FOREVER);
		found = levitas_snapshot_record(last_of(log), start, unit, parts[unit], record);
		if (found) {
			error = levitas_record_log_append(log, record);
		}
		k_mutex_unlock(&using);
		if (error != 0) {
			return;
		}
		if (!found) {
			if (parts[unit] != 0) {
				levitas_snapshot_release(unit);
			}
			parts[unit] = 0;
			return;
		}
		parts[unit]++;
	}
}

static void write_unit(uint32_t unit)
{
	write_crash(unit);
	write_events(unit);
	write_snapshot(unit);
}

static void run(void *unused_1, void *unused_2, void *unused_3)
{
	int64_t trend_ms = TREND_PERIOD_MS;

	ARG_UNUSED(unused_1);
	ARG_UNUSED(unused_2);
	ARG_UNUSED(unused_3);
	(void)levitas_records_open();
	levitas_snapshot_release(LEVITAS_UNIT_HOST);
	levitas_snapshot_release(LEVITAS_UNIT_EMERGENCY_DRIVE);
	while (true) {
		k_sleep(K_MSEC(PERIOD_MS));
		if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
			write_unit(LEVITAS_UNIT_HOST);
		}
		if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_HOST)) {
			write_unit(LEVITAS_UNIT_EMERGENCY_DRIVE);
		}
		if (k_uptime_get() >= trend_ms) {
			trend_ms += TREND_PERIOD_MS;
			write_trend(IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE) ? LEVITAS_UNIT_EMERGENCY_DRIVE
										       : LEVITAS_UNIT_HOST);
		}
	}
}

K_THREAD_DEFINE(levitas_records, STACK_BYTES, run, NULL, NULL, NULL, K_PRIO_PREEMPT(12), K_FP_REGS, 0);
