/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that keeps limits, settings and the list of kits over a power-off, at the lowest priority: it waits for the flash, and nobody waits for it.
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

static K_MUTEX_DEFINE(kits);
static K_SEM_DEFINE(kits_asked, 0, 1);

/* Of the last settings that were to be written. */
static int32_t write_error[LEVITAS_UNIT_COUNT];

void levitas_kits_lock(void)
{
	k_mutex_lock(&kits, K_FOREVER);
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
	return unit < LEVITAS_UNIT_COUNT ? write_error[unit] : 0;
}

static void keep(uint32_t unit)
{
	uint8_t record[LEVITAS_SETTINGS_BYTES];
	int32_t error;

	if (!levitas_settings_record(unit, record)) {
		return;
	}
	error = levitas_storage_entry_write(LEVITAS_ENTRY_SETTINGS, unit, record, sizeof(record));
	if (error != 0 && error != write_error[unit]) {
		printk("levitas: unit %u: limits and settings are not kept over a power-off: storage error %d\n", unit, error);
	}
	write_error[unit] = error;
}

static void keep_kits(void)
{
	static int32_t error_before;
	uint8_t record[LEVITAS_KIT_RECORD_BYTES];
	int32_t error = 0;

	for (uint32_t place = 0; place < LEVITAS_KITS_MAX && error == 0; place++) {
		if (levitas_kit_record(place, k_uptime_seconds(), record)) {
			error = levitas_storage_entry_write(LEVITAS_ENTRY_KITS, place, record, sizeof(record));
		}
	}
	if (error != 0 && error != error_before) {
		printk("levitas: the list of kits is not kept over a power-off: storage error %d\n", error);
	}
	error_before = error;
}

static void run(void *unused_1, void *unused_2, void *unused_3)
{
	ARG_UNUSED(unused_1);
	ARG_UNUSED(unused_2);
	ARG_UNUSED(unused_3);
	for (uint32_t period = 1;; period++) {
		const bool kits_are_asked = k_sem_take(&kits_asked, K_MSEC(PERIOD_MS)) == 0;

		if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
			keep(LEVITAS_UNIT_HOST);
		}
		if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_HOST)) {
			keep(LEVITAS_UNIT_EMERGENCY_DRIVE);
		}
		if (kits_are_asked || period % KITS_PERIODS == 1) {
			keep_kits();
		}
	}
}

K_THREAD_DEFINE(levitas_settings, 2048, run, NULL, NULL, NULL, K_PRIO_PREEMPT(12), K_FP_REGS, 0);
