/* SPDX-License-Identifier: Apache-2.0 */
/** @file A log of records of one size in a partition of the flash, on Zephyr's FCB. Not for task threads: it waits for the flash. */
#ifndef LEVITAS_RECORD_LOG_H_
#define LEVITAS_RECORD_LOG_H_

#include <stdbool.h>
#include <stdint.h>
#include <zephyr/fs/fcb.h>

/** Longest record [bytes]: FCB's length takes one byte then. */
#define LEVITAS_RECORD_BYTES_MAX 126

/** Most sectors that FCB counts. */
#define LEVITAS_RECORD_SECTORS_MAX 255

/** One log; the members before the private ones are the caller's. */
struct levitas_record_log {
	uint8_t area_id;
	/** 16 to LEVITAS_RECORD_BYTES_MAX. */
	uint8_t record_bytes;
	/** What is erased at a time [bytes]: pages of the flash, so many that there are three to LEVITAS_RECORD_SECTORS_MAX sectors. */
	uint32_t sector_bytes;
	/** Room for the sectors of the partition. */
	struct flash_sector *sectors;
	uint32_t sectors_max;

	/* Private. */
	struct fcb fcb;
	bool is_open;
	/** The sector behind the one that is written is to be erased. */
	bool is_erase_due;
	/** The last record, if its number is not 0. */
	uint8_t last[LEVITAS_RECORD_BYTES_MAX];
	uint32_t last_number;
};

/** Where a walk through a log is; zeros: at its oldest sector. */
struct levitas_record_cursor {
	/** The sector that was the oldest when the walk began, counted from 1. */
	uint32_t origin;
	uint32_t sector;
	uint32_t slot;
	/** Places that hold no whole record although something was written there. */
	uint32_t damaged;
};

/**
 * Finds the last whole record and makes the log ready to be written; reads alone, unless there is no record at all. 0, or a negative errno.
 * What is damaged stays where it is.
 */
int levitas_record_log_open(struct levitas_record_log *log);

/**
 * Writes a record, whose number stands in its first four bytes and its CRC-32 in the last four, reads it back, and erases ahead. 0: it is in
 * the flash for good, and the last one from now on. A negative errno: it is not.
 */
int levitas_record_log_append(struct levitas_record_log *log, const uint8_t *record);

/** The next whole record, oldest first; false behind the last one. */
bool levitas_record_log_next(const struct levitas_record_log *log, struct levitas_record_cursor *cursor, uint8_t *record);

#endif /* LEVITAS_RECORD_LOG_H_ */
