/* SPDX-License-Identifier: Apache-2.0 */
/** @file The logs of this image. */
#ifndef LEVITAS_RECORDS_H_
#define LEVITAS_RECORDS_H_

#include "record_log.h"
#include "shim.h"

/** Each log by its number. */
enum levitas_log {
	LEVITAS_LOG_EVENTS,
	LEVITAS_LOG_TRENDS,
	LEVITAS_LOG_SNAPSHOTS,
	LEVITAS_LOG_COUNT,
};

/** Opens all logs and writes that the unit has started; again, as after a power cut, in tests. 0, or the first errno. */
int levitas_records_open(void);

/** As levitas_record_log_next(), beside the thread that writes. */
bool levitas_records_next(enum levitas_log log, struct levitas_record_cursor *cursor, uint8_t *record);

/** What a walk through the log of events finds. */
struct levitas_records_check {
	uint32_t count, first, last;
	/** Places with something that is no whole record, numbers that are not there, records whose link or order is wrong. */
	uint32_t damaged, missing, unlinked;
	/** What the next record will carry. */
	uint8_t link[LEVITAS_LINK_BYTES];
};
void levitas_records_check(struct levitas_records_check *check);

#endif /* LEVITAS_RECORDS_H_ */
