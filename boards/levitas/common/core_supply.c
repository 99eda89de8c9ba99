/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core voltage and flash latency for 480 MHz (RM0433, "System supply startup" and "Read access latency"; data sheet DS12110, "General operating
 * conditions": VOS0 above 400 MHz).
 *
 * Zephyr selects VOS0 before it raises the clock. On this series VOS0 and VOS1 are the same code in PWR, and what makes VOS0 of it is a bit of
 * SYSCFG that nothing in Zephyr sets. ST's LL_SetFlashLatency takes both for VOS1 and gives two wait states, where VOS0 at 240 MHz needs four.
 */

#include <errno.h>

#include <stm32h7xx_ll_bus.h>
#include <stm32h7xx_ll_pwr.h>
#include <stm32h7xx_ll_system.h>

#include <zephyr/devicetree.h>
#include <zephyr/init.h>
#include <zephyr/sys/util.h>

#include "core_supply.h"

/* Below it is Y, which ends at VOS1 and 400 MHz. */
#define REVISION_X 0x2001

/*
 * Reads of the flags, of ten cycles of 64 MHz at least: a millisecond, which the regulator is far from needing. There is no other clock so
 * early.
 */
#define READY_READS_MAX 6400

/* Bus clock of the flash at which VOS0 needs four wait states. */
#define FLASH_HZ_MAX 240000000
#define FLASH_HZ_MIN 225000000
#define FLASH_HZ     (DT_PROP(DT_NODELABEL(rcc), clock_frequency) / DT_PROP(DT_NODELABEL(rcc), hpre))

BUILD_ASSERT(FLASH_HZ > FLASH_HZ_MIN && FLASH_HZ <= FLASH_HZ_MAX,
	     DT_NODE_PATH(DT_NODELABEL(rcc)) ": clock-frequency, hpre: four wait states of the flash are for 225 to 240 MHz");

static int wait_for_regulator(void)
{
	for (uint32_t i = 0; i < READY_READS_MAX; i++) {
		if (LL_PWR_IsActiveFlag_VOS() != 0 && LL_PWR_IsActiveFlag_ACTVOS() != 0) {
			return 0;
		}
	}
	return -ETIMEDOUT;
}

int levitas_core_supply_raise(void)
{
	int error;

	if (LL_DBGMCU_GetRevisionID() < REVISION_X) {
		return -ENOTSUP;
	}
	/* Overdrive is taken at VOS1 alone. */
	error = wait_for_regulator();
	if (error != 0) {
		return error;
	}
	LL_APB4_GRP1_EnableClock(LL_APB4_GRP1_PERIPH_SYSCFG);
	SET_BIT(SYSCFG->PWRCR, SYSCFG_PWRCR_ODEN);
	/* Read back, so that the flags read next are those behind it. */
	return READ_BIT(SYSCFG->PWRCR, SYSCFG_PWRCR_ODEN) != 0 ? wait_for_regulator() : -ETIMEDOUT;
}

/* In place of LL_SetFlashLatency, by the linker: Zephyr asks for it before it raises the clock. */
ErrorStatus __wrap_LL_SetFlashLatency(uint32_t bus_hz)
{
	ARG_UNUSED(bus_hz);
	LL_FLASH_SetLatency(LL_FLASH_LATENCY_4);
	return LL_FLASH_GetLatency() == LL_FLASH_LATENCY_4 ? SUCCESS : ERROR;
}

#if defined(CONFIG_CPU_CORTEX_M)
/* Zephyr's soc_m7.c makes VOS1 at 0. */
#define INIT_PRIORITY 1
BUILD_ASSERT(CONFIG_CLOCK_CONTROL_INIT_PRIORITY > INIT_PRIORITY, "CLOCK_CONTROL_INIT_PRIORITY: the voltage comes before the clock");

/* A core without its voltage may do anything at 480 MHz. One that tries again and again has shut bridges and a silent line. */
static int raise_or_reset(void)
{
	if (levitas_core_supply_raise() != 0) {
		NVIC_SystemReset();
	}
	return 0;
}

SYS_INIT(raise_or_reset, PRE_KERNEL_1, INIT_PRIORITY);
#endif
