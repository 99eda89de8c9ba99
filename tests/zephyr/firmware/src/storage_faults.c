/* SPDX-License-Identifier: Apache-2.0 */
/* See storage_faults.h. The linker puts these functions in front of those of src/firmware/storage.c. */

#include <errno.h>
#include <stddef.h>
#include <zephyr/sys/util.h>

#include "shim.h"
#include "storage_faults.h"

int32_t __real_levitas_storage_read(uint32_t unit, uint32_t place, uint8_t *bytes, uint32_t size);
int32_t __real_levitas_storage_write(uint32_t unit, uint32_t place, const uint8_t *bytes, uint32_t size);

int32_t __real_levitas_storage_entry_read(uint32_t entry, uint32_t unit, uint8_t *bytes, uint32_t size);
int32_t __wrap_levitas_storage_entry_read(uint32_t entry, uint32_t unit, uint8_t *bytes, uint32_t size);

int __real_levitas_storage_mount(void);
int __wrap_levitas_storage_mount(void);

static uint32_t good_reads, bad_reads;
/* Entries whose next reads fail, their units, and how many do. */
static struct {
	uint32_t entry;
	uint32_t unit;
	uint32_t count;
} bad_entries[4];
static uint32_t bad_mounts;
static void (*at_write)(void);

void storage_faults_read(uint32_t behind, uint32_t count)
{
	good_reads = behind;
	bad_reads = count;
}

void storage_faults_at_write(void (*hook)(void))
{
	at_write = hook;
}

int32_t __wrap_levitas_storage_read(uint32_t unit, uint32_t place, uint8_t *bytes, uint32_t size)
{
	if (good_reads > 0) {
		good_reads--;
	} else if (bad_reads > 0) {
		bad_reads--;
		return -EIO;
	}
	return __real_levitas_storage_read(unit, place, bytes, size);
}

int32_t __wrap_levitas_storage_write(uint32_t unit, uint32_t place, const uint8_t *bytes, uint32_t size)
{
	void (*hook)(void) = at_write;

	at_write = NULL;
	if (hook != NULL) {
		hook();
	}
	return __real_levitas_storage_write(unit, place, bytes, size);
}

void storage_faults_mount(uint32_t count)
{
	bad_mounts = count;
}

int __wrap_levitas_storage_mount(void)
{
	if (bad_mounts > 0) {
		bad_mounts--;
		return -EIO;
	}
	return __real_levitas_storage_mount();
}

void storage_faults_read_entry(uint32_t entry, uint32_t unit, uint32_t count)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_entries); i++) {
		if (bad_entries[i].count == 0) {
			bad_entries[i].entry = entry;
			bad_entries[i].unit = unit;
			bad_entries[i].count = count;
			return;
		}
	}
}

int32_t __wrap_levitas_storage_entry_read(uint32_t entry, uint32_t unit, uint8_t *bytes, uint32_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_entries); i++) {
		if (bad_entries[i].count > 0 && bad_entries[i].entry == entry && bad_entries[i].unit == unit) {
			bad_entries[i].count--;
			return -EIO;
		}
	}
	return __real_levitas_storage_entry_read(entry, unit, bytes, size);
}
