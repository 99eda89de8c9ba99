/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calibration records on Zephyr's NVS, in the partition that the board labels `storage_partition`.
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

int levitas_storage_mount(void)
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

int32_t levitas_storage_read(uint32_t unit, uint32_t place, uint8_t *bytes, uint32_t size)
{
	/* The number of bytes that are there, which may be more than fit. */
	return nvs_read(&storage, levitas_storage_calibration_id(unit, place), bytes, size);
}

int32_t levitas_storage_write(uint32_t unit, uint32_t place, const uint8_t *bytes, uint32_t size)
{
	const ssize_t written = nvs_write(&storage, levitas_storage_calibration_id(unit, place), bytes, size);

	/* 0: these very bytes were there before. */
	return written == 0 || written == size ? 0 : (written < 0 ? written : -EIO);
}

uint32_t levitas_serial_number(void)
{
	return CONFIG_LEVITAS_SERIAL_NUMBER;
}
