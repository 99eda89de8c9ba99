/* SPDX-License-Identifier: Apache-2.0 */
/* See flash_cuts.h. */

#include <string.h>
#include <zephyr/drivers/flash.h>
#include <zephyr/drivers/flash/flash_simulator.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/sys/util.h>

#include "flash_cuts.h"

int __real_flash_area_read(const struct flash_area *area, off_t offset, void *bytes, size_t size);
int __real_flash_area_write(const struct flash_area *area, off_t offset, const void *bytes, size_t size);
int __real_flash_area_flatten(const struct flash_area *area, off_t offset, size_t size);

uint32_t flash_cuts_torn_writes, flash_cuts_torn_erases;

static uint32_t operations_left;
static bool is_cut, counts_erases_alone;
static uint8_t *stuck;
static uint64_t state;
static struct flash_use use;

void flash_cuts_seed(uint32_t seed)
{
	state = seed;
}

uint32_t flash_cuts_draw(uint32_t end)
{
	/* SplitMix64: G. L. Steele et al., Fast splittable pseudorandom number generators, 2014. */
	uint64_t mixed = state += 0x9e3779b97f4a7c15ULL;

	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
	return (uint32_t)((mixed ^ (mixed >> 31)) >> 32) % end;
}

void flash_cuts_arm(uint32_t operations, bool erases_alone)
{
	operations_left = operations;
	counts_erases_alone = erases_alone;
	is_cut = false;
}

bool flash_cuts_end(void)
{
	const bool was_cut = is_cut;

	operations_left = 0;
	is_cut = false;
	return was_cut;
}

void flash_cuts_stick(uint8_t *byte)
{
	stuck = byte;
}

bool flash_cuts_is_cut(void)
{
	return is_cut;
}

struct flash_use flash_cuts_use(void)
{
	const struct flash_use since = use;

	use = (struct flash_use){0};
	return since;
}

static uint8_t *memory_of(const struct flash_area *area)
{
	size_t size;

	return (uint8_t *)flash_simulator_get_memory(flash_area_get_device(area), &size) + area->fa_off;
}

uint8_t *flash_cuts_memory(uint8_t area_id)
{
	const struct flash_area *area;

	return flash_area_open(area_id, &area) == 0 ? memory_of(area) : NULL;
}

/* Whether the power is cut during this operation. */
static bool cuts_now(bool erases)
{
	if (operations_left > 0 && (erases || !counts_erases_alone)) {
		operations_left--;
		is_cut = operations_left == 0;
		return is_cut;
	}
	return false;
}

/* Bits of a byte that are drawn, each with a chance of so many in 256. */
static uint8_t drawn_bits(uint32_t chance)
{
	uint8_t bits = 0;

	for (int bit = 0; bit < 8; bit++) {
		bits |= flash_cuts_draw(256) < chance ? BIT(bit) : 0;
	}
	return bits;
}

/* Bits of byte number `at` that have got as far as the operation goes: bytes in their order, or all bits at once. */
static uint8_t reached(size_t at, size_t whole_bytes, bool in_order, uint32_t chance)
{
	if (in_order) {
		return at < whole_bytes ? 0xff : (at == whole_bytes ? drawn_bits(128) : 0);
	}
	return drawn_bits(chance);
}

static void tear_write(uint8_t *memory, const uint8_t *bytes, size_t size)
{
	const bool in_order = flash_cuts_draw(2) == 0;
	const size_t whole_bytes = flash_cuts_draw(size + 1);
	const uint32_t chance = flash_cuts_draw(257);

	for (size_t i = 0; i < size; i++) {
		memory[i] &= bytes[i] | (uint8_t)~reached(i, whole_bytes, in_order, chance);
	}
	flash_cuts_torn_writes++;
}

/* A flash that erases programs all bits first; then they come up, in their order or all at once. */
static void tear_erase(uint8_t *memory, size_t size)
{
	const bool in_order = flash_cuts_draw(2) == 0;
	const bool programs = flash_cuts_draw(4) == 0;
	const size_t whole_bytes = flash_cuts_draw(size + 1);
	const uint32_t chance = flash_cuts_draw(257);

	for (size_t i = 0; i < size; i++) {
		const uint8_t bits = reached(i, whole_bytes, in_order, chance);

		memory[i] = programs ? memory[i] & ~bits : memory[i] | bits;
	}
	flash_cuts_torn_erases++;
}

int __wrap_flash_area_read(const struct flash_area *area, off_t offset, void *bytes, size_t size)
{
	use.reads++;
	use.bytes_read += size;
	return __real_flash_area_read(area, offset, bytes, size);
}

int __wrap_flash_area_write(const struct flash_area *area, off_t offset, const void *bytes, size_t size)
{
	int error;

	use.writes++;
	use.bytes_written += size;
	if (cuts_now(false)) {
		tear_write(memory_of(area) + offset, bytes, size);
	}
	error = is_cut ? 0 : __real_flash_area_write(area, offset, bytes, size);
	if (stuck != NULL) {
		*stuck = 0xff;
	}
	return error;
}

int __wrap_flash_area_flatten(const struct flash_area *area, off_t offset, size_t size)
{
	use.erases++;
	if (cuts_now(true)) {
		tear_erase(memory_of(area) + offset, size);
	}
	return is_cut ? 0 : __real_flash_area_flatten(area, offset, size);
}
