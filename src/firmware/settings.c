/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that keeps limits, settings and the list of kits over a power-off, at the lowest priority: it waits for the flash, and nobody waits for it. It waits for the list of kits no longer
 * than that can take: limits are kept also where a thread was stopped at that list.
 *
 * NVS is power-cut safe: until an entry is whole the one before it stands, and one that is the same is not written again.
 */

#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "shim.h"

/* What was set so long before a power-off is kept. */
#define PERIOD_MS 1000

/* The kits are looked at in every tenth, and when they are asked for: to find what stands in the storage of each is a long read. */
#define KITS_PERIODS 10

/* Longer than anybody has something to do with the list: whoever holds it then was stopped there. */
#define KITS_LOCK_MS 1000

static K_MUTEX_DEFINE(kits);
static K_SEM_DEFINE(kits_asked, 0, 1);

/* What is kept: places of an entry, and what one of them is to say: its bytes, 0 for a place that is left alone, or a negative errno. */
struct kept {
	const char *name;
	enum levitas_storage_entry entry;
	uint32_t first;
	uint32_t count;
	int32_t (*record)(uint32_t place, uint8_t *record);
	/* When it was last to be written. */
	int32_t error;
};

static int32_t settings_of(uint32_t unit, uint8_t *record)
{
	return levitas_settings_record(unit, record) ? LEVITAS_SETTINGS_BYTES : 0;
}

static int32_t kit_in(uint32_t place, uint8_t *record)
{
	return levitas_kit_record(place, k_uptime_seconds(), record);
}

#define SETTINGS(unit, role_without, text)                                                                             \
	[unit] = {.name = text ": limits and settings are", .entry = LEVITAS_ENTRY_SETTINGS, .first = unit,            \
		  .count = !IS_ENABLED(role_without), .record = settings_of}

static struct kept settings[LEVITAS_UNIT_COUNT] = {
	SETTINGS(LEVITAS_UNIT_HOST, CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE, "unit 0"),
	SETTINGS(LEVITAS_UNIT_EMERGENCY_DRIVE, CONFIG_LEVITAS_ROLE_HOST, "unit 1"),
};
static struct kept kits_list = {
	.name = "the list of kits is", .entry = LEVITAS_ENTRY_KITS, .count = LEVITAS_KITS_MAX, .record = kit_in};

bool levitas_kits_lock(void)
{
	return k_mutex_lock(&kits, K_MSEC(KITS_LOCK_MS)) == 0;
}

void levitas_kits_unlock(void)
{
	k_mutex_unlock(&kits);
}

void levitas_kits_keep(void)
{
	k_sem_give(&kits_asked);
}

int32_t levitas_settings_write_error(uint32_t unit)
{
	return unit < LEVITAS_UNIT_COUNT ? settings[unit].error : 0;
}

int32_t levitas_kits_write_error(void)
{
	return kits_list.error;
}

static void keep(struct kept *kept)
{
	uint8_t record[MAX(LEVITAS_SETTINGS_BYTES, LEVITAS_KIT_RECORD_BYTES)];
	int32_t error = 0;

	for (uint32_t place = kept->first; place < kept->first + kept->count && error == 0; place++) {
		const int32_t size = kept->record(place, record);

		error = size > 0 ? levitas_storage_entry_write(kept->entry, place, record, size) : size;
	}
	if (error != 0 && error != kept->error) {
		printk("levitas: %s not kept over a power-off: error %d\n", kept->name, error);
	}
	kept->error = error;
}

static void run(void *unused_1, void *unused_2, void *unused_3)
{
	ARG_UNUSED(unused_1);
	ARG_UNUSED(unused_2);
	ARG_UNUSED(unused_3);
	for (uint32_t period = 1;; period++) {
		const bool kits_are_asked = k_sem_take(&kits_asked, K_MSEC(PERIOD_MS)) == 0;

		for (size_t unit = 0; unit < ARRAY_SIZE(settings); unit++) {
			keep(&settings[unit]);
		}
		if (kits_are_asked || period % KITS_PERIODS == 1) {
			keep(&kits_list);
		}
	}
}

K_THREAD_DEFINE(levitas_settings, 2048, run, NULL, NULL, NULL, K_PRIO_PREEMPT(12), K_FP_REGS, 0);
