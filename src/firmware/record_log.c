/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See record_log.h.
 *
 * FCB lays a header at the beginning of each sector and behind it elements: length, data, CRC-8. By itself it is not power-cut
 * safe: fcb_init() refuses the whole log for one torn header, walks by torn lengths, and one torn record in 256 passes its CRC-8. So
 * what is in the flash is judged here, without headers and lengths: all records have one size, a sector is a row of slots, and
 * what has a fitting CRC-32 is a record. FCB appends and erases; of its state only what is found here is used.
 *
 * Of all sectors the one with the highest number is written. The one behind it is erased ahead as soon as the first record before it is
 * safe, and belongs to the log no more: whatever is in it at the start is left of an erase that a power cut has stopped, and goes
 * after the first record.
 */

#include <errno.h>
#include <string.h>
#include <zephyr/drivers/flash.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/sys/byteorder.h>
#include <zephyr/sys/crc.h>

#include "record_log.h"

#define MAGIC   0x4c45564c
#define VERSION 1
/* FCB's header of a sector. */
#define HEADER_BYTES 8
/* Its length before and its CRC-8 behind the data. */
#define STRIDE(log) ((log)->record_bytes + 2U)
/* One is written, one is empty, one is full. */
#define SECTORS_MIN 3
/* Bad places that a record goes round. */
#define TRIES 3
#define CHUNK 256

enum slot {
	SLOT_BLANK,
	SLOT_RECORD,
	SLOT_DAMAGED,
};

static bool is_blank(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] != 0xff) {
			return false;
		}
	}
	return true;
}

static uint32_t slots(const struct levitas_record_log *log)
{
	return (log->sectors[0].fs_size - HEADER_BYTES) / STRIDE(log);
}

static bool is_record(const struct levitas_record_log *log, const uint8_t *record)
{
	const size_t covered = log->record_bytes - 4U;

	return sys_get_le32(record) != 0 && crc32_ieee(record, covered) == sys_get_le32(record + covered);
}

/* What is in a slot; `record` gets its bytes. */
static int read_slot(const struct levitas_record_log *log, const struct flash_sector *sector, uint32_t slot, uint8_t *record)
{
	uint8_t element[LEVITAS_RECORD_BYTES_MAX + 2];
	int error = flash_area_read(log->fcb.fap, sector->fs_off + HEADER_BYTES + slot * STRIDE(log), element, STRIDE(log));

	if (error != 0) {
		return error;
	}
	memcpy(record, element + 1, log->record_bytes);
	return is_blank(element, STRIDE(log)) ? SLOT_BLANK : (is_record(log, record) ? SLOT_RECORD : SLOT_DAMAGED);
}

static int is_sector_blank(const struct levitas_record_log *log, const struct flash_sector *sector, bool *blank)
{
	uint8_t chunk[CHUNK];

	for (size_t at = 0; at < sector->fs_size; at += sizeof(chunk)) {
		int error = flash_area_read(log->fcb.fap, sector->fs_off + at, chunk, sizeof(chunk));

		if (error != 0) {
			return error;
		}
		if (!is_blank(chunk, sizeof(chunk))) {
			*blank = false;
			return 0;
		}
	}
	*blank = true;
	return 0;
}

static struct flash_sector *behind(const struct levitas_record_log *log, const struct flash_sector *sector)
{
	const size_t index = sector - log->sectors + 1;

	return &log->sectors[index < log->fcb.f_sector_cnt ? index : 0];
}

/* The sector behind the one that is written is made empty; FCB's oldest one is the one behind that. */
static int erase_ahead(struct levitas_record_log *log)
{
	struct flash_sector *ahead = behind(log, log->fcb.f_active.fe_sector);
	bool blank;
	int error = is_sector_blank(log, ahead, &blank);

	if (error == 0 && !blank) {
		log->fcb.f_oldest = ahead;
		error = fcb_rotate(&log->fcb);
	}
	log->fcb.f_oldest = behind(log, ahead);
	log->is_erase_due = error != 0;
	return error;
}

/*
 * The first whole record of a sector tells how old it is; 0: there is none. Behind a blank slot only a few more are looked at: a log
 * leaves none free, but decay may.
 */
static int first_number(const struct levitas_record_log *log, const struct flash_sector *sector, uint32_t *number)
{
	uint8_t record[LEVITAS_RECORD_BYTES_MAX];
	int found;

	*number = 0;
	for (uint32_t slot = 0; slot < slots(log) && *number == 0; slot = found == SLOT_BLANK ? 2 * slot + 1 : slot + 1) {
		found = read_slot(log, sector, slot, record);
		if (found < 0) {
			return found;
		}
		*number = found == SLOT_RECORD ? sys_get_le32(record) : 0;
	}
	return 0;
}

/* Whole records of a sector that are newer than the last one known become it; `end`: the first slot behind everything in it. */
static int scan(struct levitas_record_log *log, const struct flash_sector *sector, uint32_t *end)
{
	uint8_t record[LEVITAS_RECORD_BYTES_MAX];

	*end = 0;
	for (uint32_t slot = 0; slot < slots(log); slot++) {
		int found = read_slot(log, sector, slot, record);

		if (found < 0) {
			return found;
		}
		if (found != SLOT_BLANK) {
			*end = slot + 1;
		}
		if (found == SLOT_RECORD && sys_get_le32(record) > log->last_number) {
			log->last_number = sys_get_le32(record);
			memcpy(log->last, record, log->record_bytes);
		}
	}
	return 0;
}

/* Nothing but headers can be in the flash: the first one is written anew. */
static int begin(struct levitas_record_log *log)
{
	bool blank;
	int error = 0;

	for (uint32_t i = 0; i < log->fcb.f_sector_cnt && error == 0; i++) {
		struct flash_sector *sector = &log->sectors[i];
		uint8_t header[HEADER_BYTES];

		error = flash_area_read(log->fcb.fap, sector->fs_off, header, sizeof(header));
		blank = is_blank(header, sizeof(header));
		if (error == 0 && blank && i == 0) {
			error = is_sector_blank(log, sector, &blank);
		}
		if (error == 0 && !blank) {
			error = flash_area_flatten(log->fcb.fap, sector->fs_off, sector->fs_size);
		}
	}
	return error != 0 ? error : fcb_init(log->area_id, &log->fcb);
}

/* FCB's state as fcb_init() would have it: this sector is written, from this slot on. */
static int go_on(struct levitas_record_log *log, struct flash_sector *newest, uint32_t slot)
{
	uint16_t id;
	int error = flash_area_read(log->fcb.fap, newest->fs_off + HEADER_BYTES - sizeof(id), &id, sizeof(id));

	log->fcb.f_align = 1;
	log->fcb.f_erase_value = 0xff;
	log->fcb.f_active.fe_sector = newest;
	log->fcb.f_active.fe_elem_off = HEADER_BYTES + slot * STRIDE(log);
	log->fcb.f_active_id = id;
	log->fcb.f_oldest = behind(log, behind(log, newest));
	return error;
}

/* Where the first slots of a sector have decayed to blank ones, its other records tell all the same that it is the newest. */
static int go_on_from(struct levitas_record_log *log, struct flash_sector *sector)
{
	uint32_t last, end;
	int error;

	k_mutex_init(&log->fcb.f_mtx);
	do {
		last = log->last_number;
		error = scan(log, sector, &end);
		if (error == 0 && log->last_number > last) {
			error = go_on(log, sector, end);
		}
		sector = behind(log, sector);
	} while (error == 0 && log->last_number > last);
	return error;
}

/* The sectors of the partition. */
static int divide(struct levitas_record_log *log)
{
	struct flash_pages_info page;
	const uint32_t count = log->fcb.fap->fa_size / log->sector_bytes;
	int error = flash_get_page_info_by_offs(log->fcb.fap->fa_dev, log->fcb.fap->fa_off, &page);

	if (error != 0) {
		return error;
	}
	if (log->sector_bytes % page.size != 0 || count < SECTORS_MIN || count > MIN(log->sectors_max, LEVITAS_RECORD_SECTORS_MAX)) {
		return -EINVAL;
	}
	for (uint32_t i = 0; i < count; i++) {
		log->sectors[i] = (struct flash_sector){.fs_off = i * log->sector_bytes, .fs_size = log->sector_bytes};
	}
	log->fcb.f_sector_cnt = count;
	return 0;
}

static int prepare(struct levitas_record_log *log)
{
	int error = flash_area_open(log->area_id, &log->fcb.fap);

	if (error != 0) {
		return error;
	}
	if (flash_area_align(log->fcb.fap) != 1 || flash_area_erased_val(log->fcb.fap) != 0xff ||
	    log->record_bytes > LEVITAS_RECORD_BYTES_MAX) {
		return -ENOTSUP;
	}
	log->fcb.f_magic = MAGIC;
	log->fcb.f_version = VERSION;
	log->fcb.f_sectors = log->sectors;
	log->fcb.f_scratch_cnt = 0;
	return divide(log);
}

int levitas_record_log_open(struct levitas_record_log *log)
{
	struct flash_sector *newest = NULL;
	uint32_t highest = 0;
	int error;

	log->is_open = false;
	log->last_number = 0;
	memset(&log->fcb, 0, sizeof(log->fcb));
	error = prepare(log);
	for (uint32_t i = 0; i < log->fcb.f_sector_cnt && error == 0; i++) {
		uint32_t number;

		error = first_number(log, &log->sectors[i], &number);
		if (error == 0 && number > highest) {
			highest = number;
			newest = &log->sectors[i];
		}
	}
	if (error == 0) {
		error = newest == NULL ? begin(log) : go_on_from(log, newest);
	}
	log->is_open = error == 0;
	log->is_erase_due = true;
	return error;
}

/* Writes into the next slot and looks whether it is there. */
static int write_slot(struct levitas_record_log *log, const uint8_t *record)
{
	uint8_t found[LEVITAS_RECORD_BYTES_MAX];
	struct fcb_entry place;
	int error = fcb_append(&log->fcb, log->record_bytes, &place);

	if (error != 0) {
		return error;
	}
	error = flash_area_write(log->fcb.fap, FCB_ENTRY_FA_DATA_OFF(place), record, log->record_bytes);
	if (error == 0) {
		place.fe_data_len = log->record_bytes;
		error = fcb_append_finish(&log->fcb, &place);
	}
	if (error == 0) {
		error = flash_area_read(log->fcb.fap, FCB_ENTRY_FA_DATA_OFF(place), found, log->record_bytes);
	}
	return error != 0 ? error : (memcmp(found, record, log->record_bytes) == 0 ? 0 : -EIO);
}

int levitas_record_log_append(struct levitas_record_log *log, const uint8_t *record)
{
	const struct fcb_entry *active = &log->fcb.f_active;
	const struct flash_sector *sector = active->fe_sector;
	int error = log->is_open ? -EIO : -EACCES;

	if (log->is_open && log->is_erase_due && active->fe_elem_off + STRIDE(log) > sector->fs_size) {
		error = erase_ahead(log) == 0 ? -EIO : -ENOSPC;
	}
	for (int tries = 0; tries < TRIES && error == -EIO; tries++) {
		error = write_slot(log, record);
	}
	if (error == 0) {
		memcpy(log->last, record, log->record_bytes);
		log->last_number = sys_get_le32(record);
	}
	log->is_erase_due |= active->fe_sector != sector;
	if (error == 0 && log->is_erase_due) {
		/* The record is safe; what cannot be erased now is tried again with the next one. */
		(void)erase_ahead(log);
	}
	return error;
}

bool levitas_record_log_next(const struct levitas_record_log *log, struct levitas_record_cursor *cursor, uint8_t *record)
{
	if (log->is_open && cursor->origin == 0) {
		cursor->origin = behind(log, behind(log, log->fcb.f_active.fe_sector)) - log->sectors + 1;
	}
	/* All but the one that is erased ahead. */
	for (; log->is_open && cursor->sector + 1 < log->fcb.f_sector_cnt; cursor->sector++, cursor->slot = 0) {
		const struct flash_sector *sector = &log->sectors[(cursor->origin - 1 + cursor->sector) % log->fcb.f_sector_cnt];

		while (cursor->slot < slots(log)) {
			int found = read_slot(log, sector, cursor->slot++, record);

			if (found == SLOT_RECORD) {
				return true;
			}
			cursor->damaged += found == SLOT_BLANK ? 0 : 1;
		}
	}
	return false;
}
