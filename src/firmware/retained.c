/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RAM that a reset leaves alone, on Zephyr's retained_mem, and why this unit starts, of its hwinfo: see docs/restart.md.
 *
 * Whether what is in there may be believed says src/firmware/retained.rs, before anybody reads it. Record and note of a crash have check sums of their own.
 */

#include <errno.h>
#include <zephyr/drivers/hwinfo.h>
#include <zephyr/drivers/retained_mem.h>
#include <zephyr/sys/util.h>

#include "shim.h"

#if defined(CONFIG_LEVITAS_RETAINED)

static const struct device *const memory = DEVICE_DT_GET(DT_CHOSEN(levitas_retained_memory));

int32_t levitas_retained_read(uint32_t offset, uint8_t *bytes, uint32_t size)
{
	return device_is_ready(memory) ? retained_mem_read(memory, offset, bytes, size) : -ENODEV;
}

int32_t levitas_retained_write(uint32_t offset, const uint8_t *bytes, uint32_t size)
{
	return device_is_ready(memory) ? retained_mem_write(memory, offset, bytes, size) : -ENODEV;
}

int32_t levitas_retained_blank(void)
{
	uint8_t bytes[32];
	ssize_t size;
	int result;

	if (!device_is_ready(memory)) {
		return -ENODEV;
	}
	result = retained_mem_clear(memory);
	size = retained_mem_size(memory);
	for (ssize_t at = 0; at < size && result == 0; at += sizeof(bytes)) {
		const size_t count = MIN(sizeof(bytes), (size_t)(size - at));

		result = retained_mem_read(memory, at, bytes, count);
		for (size_t i = 0; i < count && result == 0; i++) {
			result = bytes[i] == 0 ? 0 : -EIO;
		}
	}
	return result;
}

uint32_t levitas_reset_cause(void)
{
	/* The first one counts: several stand together, as the reset line that every reset of an STM32 pulls. */
	static const struct {
		uint32_t flags;
		uint32_t cause;
	} causes[] = {
		{RESET_POR | RESET_BROWNOUT, LEVITAS_RESET_SUPPLY}, {RESET_WATCHDOG, LEVITAS_RESET_WATCHDOG},
		{RESET_CPU_LOCKUP, LEVITAS_RESET_LOCKUP},           {RESET_SOFTWARE, LEVITAS_RESET_SOFTWARE},
		{RESET_PIN, LEVITAS_RESET_LINE},
	};
	uint32_t supported = 0;
	uint32_t flags = 0;

	/* A controller that does not tell a power-up from other resets tells nothing. */
	if (hwinfo_get_supported_reset_cause(&supported) != 0 || (supported & RESET_POR) == 0 ||
	    hwinfo_get_reset_cause(&flags) != 0) {
		return LEVITAS_RESET_UNKNOWN;
	}
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		if ((flags & causes[i].flags) != 0) {
			return causes[i].cause;
		}
	}
	return LEVITAS_RESET_UNKNOWN;
}

int32_t levitas_reset_cause_clear(void)
{
	uint32_t flags = 0;
	int result = hwinfo_clear_reset_cause();

	if (result == 0) {
		result = hwinfo_get_reset_cause(&flags);
	}
	return flags == 0 ? result : -EIO;
}

#else

int32_t levitas_retained_read(uint32_t offset, uint8_t *bytes, uint32_t size)
{
	ARG_UNUSED(offset);
	ARG_UNUSED(bytes);
	ARG_UNUSED(size);
	return -ENODEV;
}

int32_t levitas_retained_write(uint32_t offset, const uint8_t *bytes, uint32_t size)
{
	ARG_UNUSED(offset);
	ARG_UNUSED(bytes);
	ARG_UNUSED(size);
	return -ENODEV;
}

int32_t levitas_retained_blank(void)
{
	return -ENODEV;
}

uint32_t levitas_reset_cause(void)
{
	return LEVITAS_RESET_UNKNOWN;
}

int32_t levitas_reset_cause_clear(void)
{
	return -ENOSYS;
}

#endif

#if !defined(CONFIG_LEVITAS_WATCHDOG)
/* Nobody writes a note. */
void levitas_crash_take(void)
{
}
#endif
