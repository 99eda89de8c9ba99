/* SPDX-License-Identifier: Apache-2.0 */
/* See record.h; the format is that of src/core/src/calibration/mod.rs. */

#include <string.h>
#include <zephyr/drivers/flash.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/sys/byteorder.h>
#include <zephyr/sys/crc.h>
#include <zephyr/ztest.h>

#include "record.h"
#include "storage_faults.h"

const float record_designed[LEVITAS_CALIBRATION_VALUES] = {
	1.65f, 1.65f, 1.65f, 1.65f, 1.0f, 1.0f, 5e-6f, 1e-6f,              /* mids, gains, pickups */
	0.0f,  0.0f,  0.0f,  0.0f,  0.0f, 0.0f, 0.0f,  0.0f,               /* runout */
	15e3f, 8.0f,  1.0f,  2e-3f, 0.0f, 1.0f,                            /* k_x, k_i, R, L, angle, order */
};

void record_encode(uint8_t bytes[LEVITAS_RECORD_BYTES], const struct record_head *head, const float *values)
{
	memcpy(bytes, "LCAL", 4);
	sys_put_le16(head->version, bytes + 4);
	sys_put_le16(head->set, bytes + 6);
	sys_put_le32(head->serial_number, bytes + 8);
	sys_put_le32(head->sequence, bytes + 12);
	sys_put_le32(LEVITAS_CALIBRATION_VALUES * sizeof(float), bytes + 16);
	for (size_t i = 0; i < LEVITAS_CALIBRATION_VALUES; i++) {
		uint32_t bits;

		memcpy(&bits, &values[i], sizeof(bits));
		sys_put_le32(bits, bytes + 20 + 4 * i);
	}
	sys_put_le32(crc32_ieee(bytes, LEVITAS_RECORD_BYTES - 4), bytes + LEVITAS_RECORD_BYTES - 4);
}

void record_good(uint8_t bytes[LEVITAS_RECORD_BYTES], uint32_t sequence, const float *values)
{
	const struct record_head head = {1, TEST_UNIT, CONFIG_LEVITAS_SERIAL_NUMBER, sequence};

	record_encode(bytes, &head, values);
}

const uint8_t record_key[LEVITAS_KEY_BYTES] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
					       0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};

void record_encode_key(uint8_t bytes[RECORD_KEY_BYTES])
{
	memcpy(bytes, "LKEY", 4);
	sys_put_le32(1, bytes + 4);
	memcpy(bytes + 8, record_key, sizeof(record_key));
	sys_put_le32(crc32_ieee(bytes, RECORD_KEY_BYTES - 4), bytes + RECORD_KEY_BYTES - 4);
}

static const struct device *const flash = FIXED_PARTITION_DEVICE(storage_partition);
static const off_t flash_offset = FIXED_PARTITION_OFFSET(storage_partition);
static const size_t flash_size = FIXED_PARTITION_SIZE(storage_partition);

void record_erase_storage(void)
{
	zassert_ok(flash_erase(flash, flash_offset, flash_size));
	zassert_ok(levitas_storage_mount());
}

void record_break_storage(void)
{
	static const uint8_t zeros[256];

	/* Sectors that are all closed: there is no room for anything. */
	zassert_ok(flash_erase(flash, flash_offset, flash_size));
	for (size_t at = 0; at < flash_size; at += sizeof(zeros)) {
		zassert_ok(flash_write(flash, flash_offset + at, zeros, sizeof(zeros)));
	}
	zassert_not_ok(levitas_storage_mount());
}

/*
 * Host: copy A is damaged, copy B good; its mids put the rotor 20 um beside the centre. It has a command key. Both: the host's copies are
 * another drive's and noise, but for native_sim, where nothing is wrong with it; the emergency drive's copy A is good. Emergency drive: the
 * storage cannot be mounted.
 */
void record_prepare_storage(void)
{
	uint8_t bytes[LEVITAS_RECORD_BYTES];
	float values[LEVITAS_CALIBRATION_VALUES];

	record_erase_storage();
	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		record_break_storage();
	}
	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_HOST)) {
		memcpy(values, record_designed, sizeof(values));
		record_good(bytes, 9, values);
		bytes[60] ^= 0x10;
		zassert_ok(levitas_storage_write(LEVITAS_UNIT_HOST, 0, bytes, sizeof(bytes)));
		values[0] += 0.02f;
		values[1] -= 0.02f;
		record_good(bytes, 7, values);
		zassert_ok(levitas_storage_write(LEVITAS_UNIT_HOST, 1, bytes, sizeof(bytes)));
		record_encode_key(bytes);
		zassert_ok(levitas_storage_entry_write(LEVITAS_ENTRY_KEY, LEVITAS_UNIT_HOST, bytes, RECORD_KEY_BYTES));
		/* They are read again, and the storage is mounted again. */
		storage_faults_read_entry(LEVITAS_ENTRY_KEY, LEVITAS_UNIT_HOST, START_READS - 1);
		storage_faults_read_entry(LEVITAS_ENTRY_STARTS, LEVITAS_UNIT_HOST, START_READS - 1);
		storage_faults_mount(START_READS - 1);
	}
	if (IS_ENABLED(CONFIG_LEVITAS_ROLE_BOTH)) {
		const struct record_head other_drive = {1, 0, CONFIG_LEVITAS_SERIAL_NUMBER + 1, 3};
		const struct record_head drive = {1, 1, CONFIG_LEVITAS_SERIAL_NUMBER, 4};

		if (!IS_ENABLED(CONFIG_ARCH_POSIX)) {
			record_encode(bytes, &other_drive, record_designed);
			zassert_ok(levitas_storage_write(LEVITAS_UNIT_HOST, 0, bytes, sizeof(bytes)));
			zassert_ok(levitas_storage_write(LEVITAS_UNIT_HOST, 1, (const uint8_t *)"noise", 5));
		}
		record_encode(bytes, &drive, record_designed);
		zassert_ok(levitas_storage_write(LEVITAS_UNIT_EMERGENCY_DRIVE, 0, bytes, sizeof(bytes)));
	}
}
