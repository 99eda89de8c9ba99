/* SPDX-License-Identifier: Apache-2.0 */
/* See sample.h. The link is as long as the real one, which is SHA-256; here CRCs do. */

#include <string.h>
#include <zephyr/sys/byteorder.h>
#include <zephyr/sys/crc.h>

#include "sample.h"

#define HEAD_BYTES 4
#define LINK_BYTES 16

static void link_of(const uint8_t *record, size_t size, uint8_t link[LINK_BYTES])
{
	for (uint32_t i = 0; i < LINK_BYTES / 4; i++) {
		sys_put_le32(crc32_ieee_update(i, record, size), link + 4 * i);
	}
}

static void fill(uint32_t number, const uint8_t *before, size_t size, uint8_t *record)
{
	const size_t covered = size - 4;

	sys_put_le32(number, record);
	for (size_t i = HEAD_BYTES; i < covered - LINK_BYTES; i++) {
		record[i] = (uint8_t)((number * 2654435761u) >> (i % 24));
	}
	memset(record + covered - LINK_BYTES, 0, LINK_BYTES);
	if (before != NULL) {
		link_of(before, size, record + covered - LINK_BYTES);
	}
	sys_put_le32(crc32_ieee(record, covered), record + covered);
}

void sample_next(const struct levitas_record_log *log, uint8_t *record)
{
	fill(log->last_number + 1, log->last_number != 0 ? log->last : NULL, log->record_bytes, record);
}

struct sample_walk sample_walk(const struct levitas_record_log *log)
{
	struct levitas_record_cursor cursor = {0};
	struct sample_walk walk = {0};
	uint8_t record[LEVITAS_RECORD_BYTES_MAX], before[LEVITAS_RECORD_BYTES_MAX], expected[LEVITAS_RECORD_BYTES_MAX];
	const size_t link_at = log->record_bytes - 4 - LINK_BYTES;

	while (levitas_record_log_next(log, &cursor, record)) {
		const uint32_t number = sys_get_le32(record);

		fill(number, walk.count != 0 ? before : NULL, log->record_bytes, expected);
		walk.wrong += memcmp(record, expected, link_at) != 0;
		walk.missing += walk.count != 0 && number != walk.last + 1;
		walk.unlinked += walk.count != 0 && memcmp(record + link_at, expected + link_at, LINK_BYTES) != 0;
		walk.first = walk.count == 0 ? number : walk.first;
		walk.last = number;
		walk.count++;
		memcpy(before, record, log->record_bytes);
	}
	walk.damaged = cursor.damaged;
	return walk;
}
