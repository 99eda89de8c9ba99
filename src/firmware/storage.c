/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calibration records, command keys, counts of starts, settings and kits on Zephyr's NVS, in the partition that the board labels `storage_partition`.
 *
 * NVS writes the data first and its entry after it, so a write that is cut off leaves what was there before. Beyond
 * that the record has its own check sum and a second copy: see src/core/src/calibration. Nothing here waits for a
 * task thread, and no task thread calls it.
 */

#include <errno.h>
#include <zephyr/drivers/flash.h>
#include <zephyr/fs/nvs.h>
#include <zephyr/kernel.h>
#include <zephyr/storage/flash_map.h>

#include "shim.h"
#include "storage.h"

/* NVS moves its data from sector to sector: one of them is always empty. */
#define SECTOR_COUNT_MIN 2

static struct nvs_fs storage = {
	.flash_device = FIXED_PARTITION_DEVICE(storage_partition),
	.offset = FIXED_PARTITION_OFFSET(storage_partition),
};

/* A board vouches for a flash that can be read while it is written. */
#define EXECUTED_FROM                                                                                                  \
	COND_CODE_1(DT_HAS_CHOSEN(zephyr_flash),                                                                       \
		    (DT_SAME_NODE(DT_PARENT(DT_CHOSEN(zephyr_flash)),                                                  \
				  DT_MTD_FROM_FIXED_PARTITION(DT_NODELABEL(storage_partition)))),                      \
		    (0))
BUILD_ASSERT(!IS_ENABLED(CONFIG_XIP) || IS_ENABLED(CONFIG_LEVITAS_STORAGE_READ_WHILE_WRITE) || !EXECUTED_FROM,
	     "storage_partition lies on the flash that the processor executes from: writing it would stall levitation");

/* Each shell has a thread of its own, and mounting begins anew what reading stands on. */
static K_MUTEX_DEFINE(using);

/* Longer than formatting takes, so whoever holds the lock then was stopped at it and gives it back to nobody. */
#define USING_WAIT K_SECONDS(5)

static int mount(void)
{
	struct flash_pages_info page;
	int error;

	storage.ready = false;
	if (!device_is_ready(storage.flash_device)) {
		return -ENODEV;
	}
	error = flash_get_page_info_by_offs(storage.flash_device, storage.offset, &page);
	if (error != 0) {
		return error;
	}
	storage.sector_size = page.size;
	storage.sector_count = FIXED_PARTITION_SIZE(storage_partition) / page.size;
	if (storage.sector_size != page.size || storage.sector_count < SECTOR_COUNT_MIN) {
		return -EINVAL;
	}
	return nvs_mount(&storage);
}

int levitas_storage_mount(void)
{
	int error;

	if (k_mutex_lock(&using, USING_WAIT) != 0) {
		return -EBUSY;
	}
	error = mount();
	k_mutex_unlock(&using);
	return error;
}

/* The identifier of an entry; 0 for one that does not exist. */
static uint16_t id_of(uint32_t entry, uint32_t unit)
{
	switch (entry) {
	case LEVITAS_ENTRY_KEY:
		return LEVITAS_STORAGE_KEY + unit;
	case LEVITAS_ENTRY_STARTS:
		return LEVITAS_STORAGE_STARTS + unit;
	case LEVITAS_ENTRY_SETTINGS:
		return LEVITAS_STORAGE_SETTINGS + unit;
	case LEVITAS_ENTRY_KITS:
		return LEVITAS_STORAGE_KITS + unit;
	default:
		return 0;
	}
}

static int32_t read(uint16_t id, uint8_t *bytes, uint32_t size)
{
	ssize_t count;

	if (k_mutex_lock(&using, USING_WAIT) != 0) {
		return -EBUSY;
	}
	count = nvs_read(&storage, id, bytes, size);
	k_mutex_unlock(&using);
	/* The number of bytes that are there, which may be more than fit. */
	return count;
}

static int32_t write(uint16_t id, const uint8_t *bytes, uint32_t size)
{
	ssize_t written;

	if (k_mutex_lock(&using, USING_WAIT) != 0) {
		return -EBUSY;
	}
	written = nvs_write(&storage, id, bytes, size);
	k_mutex_unlock(&using);
	/* 0: these very bytes were there before. */
	return written == 0 || written == size ? 0 : (written < 0 ? written : -EIO);
}

/* A session must never come again, so the counts of starts outlive the formatting of a storage that can be read. */
static int format_but_for_starts(void)
{
	uint8_t starts[2][LEVITAS_STARTS_BYTES];
	bool kept[2];
	int error;

	for (uint32_t unit = 0; unit < ARRAY_SIZE(starts); unit++) {
		kept[unit] = nvs_read(&storage, id_of(LEVITAS_ENTRY_STARTS, unit), starts[unit], sizeof(starts[unit])) ==
			     sizeof(starts[unit]);
	}
	storage.ready = false;
	error = flash_erase(storage.flash_device, storage.offset, FIXED_PARTITION_SIZE(storage_partition));
	if (error == 0) {
		error = mount();
	}
	for (uint32_t unit = 0; unit < ARRAY_SIZE(starts) && error == 0; unit++) {
		if (kept[unit] && nvs_write(&storage, id_of(LEVITAS_ENTRY_STARTS, unit), starts[unit],
					    sizeof(starts[unit])) != sizeof(starts[unit])) {
			error = -EIO;
		}
	}
	return error;
}

int levitas_storage_format(void)
{
	int error;

	if (!device_is_ready(storage.flash_device)) {
		return -ENODEV;
	}
	if (k_mutex_lock(&using, USING_WAIT) != 0) {
		return -EBUSY;
	}
	error = format_but_for_starts();
	k_mutex_unlock(&using);
	return error;
}

int32_t levitas_storage_read(uint32_t unit, uint32_t place, uint8_t *bytes, uint32_t size)
{
	return read(levitas_storage_calibration_id(unit, place), bytes, size);
}

int32_t levitas_storage_write(uint32_t unit, uint32_t place, const uint8_t *bytes, uint32_t size)
{
	return write(levitas_storage_calibration_id(unit, place), bytes, size);
}

int32_t levitas_storage_entry_read(uint32_t entry, uint32_t unit, uint8_t *bytes, uint32_t size)
{
	return read(id_of(entry, unit), bytes, size);
}

int32_t levitas_storage_entry_write(uint32_t entry, uint32_t unit, const uint8_t *bytes, uint32_t size)
{
	return write(id_of(entry, unit), bytes, size);
}

int32_t levitas_storage_entry_delete(uint32_t entry, uint32_t unit)
{
	int error;

	if (k_mutex_lock(&using, USING_WAIT) != 0) {
		return -EBUSY;
	}
	error = nvs_delete(&storage, id_of(entry, unit));
	k_mutex_unlock(&using);
	return error;
}

uint32_t levitas_serial_number(void)
{
	return CONFIG_LEVITAS_SERIAL_NUMBER;
}
