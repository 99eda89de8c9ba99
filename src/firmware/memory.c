/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RAM and flash before the task threads start, for the self-test: docs/self-test.md.
 *
 * Zephyr's flash_area_check_int_sha256() compares a whole partition with a hash that lies elsewhere, and MCUboot an image with its
 * trailer. An image that starts without a boot loader has neither.
 */

#include <zephyr/cache.h>
#include <zephyr/kernel.h>
#include <zephyr/linker/linker-defs.h>
#include <zephyr/sys/crc.h>

#include "memory.h"
#include "ram_march.h"
#include "shim.h"

#if defined(CONFIG_ARM_MPU)
#include <cmsis_core.h>
#endif

void levitas_ram_settle(volatile uint32_t *words, size_t count)
{
	/* Does nothing where there is no cache. */
	(void)sys_cache_data_flush_and_invd_range((void *)words, count * sizeof(*words));
	compiler_barrier();
}

#if defined(CONFIG_LEVITAS_RAM_CHECK)
/* Control register of the MPU: writes it and returns what it was. The guard below a stack may be neither read nor written. */
static uint32_t switch_mpu(uint32_t control)
{
#if defined(CONFIG_ARM_MPU)
	const uint32_t before = MPU->CTRL;

	__DMB();
	MPU->CTRL = control;
	__DSB();
	__ISB();
	return before;
#else
	return control;
#endif
}
#endif

#if defined(CONFIG_LEVITAS_RAM_CHECK)
static bool march(uintptr_t begin, uintptr_t end)
{
	begin = ROUND_UP(begin, sizeof(uint32_t));
	end = ROUND_DOWN(end, sizeof(uint32_t));
	return levitas_ram_march((volatile uint32_t *)begin, (end - begin) / sizeof(uint32_t));
}
#endif

uint32_t levitas_memory_check_ram(void)
{
#if defined(CONFIG_LEVITAS_RAM_CHECK)
	/* Code in RAM must not be written. It comes first there. */
	const uint32_t guards = switch_mpu(0);
	bool keeps = march((uintptr_t)__ramfunc_end, (uintptr_t)_image_ram_end);

#if defined(CONFIG_LEVITAS_DTCM)
	keeps = march((uintptr_t)__dtcm_start, (uintptr_t)__dtcm_end) && keeps;
#endif
	(void)switch_mpu(guards);
	return keeps ? LEVITAS_CHECK_PASSED : LEVITAS_CHECK_FAILED;
#else
	return LEVITAS_CHECK_NOT_RUN;
#endif
}

#if defined(CONFIG_LEVITAS_FLASH_CHECK)

/* What the compiler sees is not what the build leaves here, so it is read as volatile. */
const struct levitas_image levitas_image = {0};

uint32_t levitas_memory_check_image(const volatile struct levitas_image *image)
{
	uint32_t crc = 0;

	if (image->piece_count == 0) {
		return LEVITAS_CHECK_NOT_RUN;
	}
	for (uint32_t i = 0; i < MIN(image->piece_count, LEVITAS_IMAGE_PIECES_MAX); i++) {
		crc = crc32_ieee_update(crc, (const uint8_t *)(uintptr_t)image->pieces[i].address, image->pieces[i].size);
	}
	return crc == image->crc ? LEVITAS_CHECK_PASSED : LEVITAS_CHECK_FAILED;
}

uint32_t levitas_memory_check_flash(void)
{
	return levitas_memory_check_image(&levitas_image);
}

#else

uint32_t levitas_memory_check_flash(void)
{
	return LEVITAS_CHECK_NOT_RUN;
}

#endif
