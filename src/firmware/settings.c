/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that keeps limits and settings over a power-off, at the lowest priority: it waits for the flash, and nobody waits for it.
 *
 * NVS is power-cut safe: until an entry is whole the one before it stands, and one that is the same is not written again.
 */

#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "shim.h"

/* What was set so long before a power-off is kept. */
#define PERIOD_MS 1000

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

static void run(void *unused_1, void *unused_2, void *unused_3)
{
	ARG_UNUSED(unused_1);
	ARG_UNUSED(unused_2);
	ARG_UNUSED(unused_3);
	while (true) {
		k_sleep(K_MSEC(PERIOD_MS));
		if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
			keep(LEVITAS_UNIT_HOST);
		}
		if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_HOST)) {
			keep(LEVITAS_UNIT_EMERGENCY_DRIVE);
		}
	}
}

K_THREAD_DEFINE(levitas_settings, 2048, run, NULL, NULL, NULL, K_PRIO_PREEMPT(12), K_FP_REGS, 0);
