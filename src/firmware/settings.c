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

/* The kits are read in the first period and looked at in every tenth: to find what stands in the storage of each is a long read. */
#define KITS_PERIODS 10

static void keep(uint32_t unit)
{
	static int32_t error_before[LEVITAS_UNIT_COUNT];
	uint8_t record[LEVITAS_SETTINGS_BYTES];
	int32_t error;

	if (!levitas_settings_record(unit, record)) {
		return;
	}
	error = levitas_storage_entry_write(LEVITAS_ENTRY_SETTINGS, unit, record, sizeof(record));
	if (error != 0 && error != error_before[unit]) {
		printk("levitas: unit %u: limits and settings are not kept over a power-off: storage error %d\n", unit, error);
	}
	error_before[unit] = error;
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
		k_sleep(K_MSEC(PERIOD_MS));
		if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
			keep(LEVITAS_UNIT_HOST);
		}
		if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_HOST)) {
			keep(LEVITAS_UNIT_EMERGENCY_DRIVE);
		}
		if (period % KITS_PERIODS == 1) {
			keep_kits();
		}
	}
}

K_THREAD_DEFINE(levitas_settings, 2048, run, NULL, NULL, NULL, K_PRIO_PREEMPT(12), K_FP_REGS, 0);
