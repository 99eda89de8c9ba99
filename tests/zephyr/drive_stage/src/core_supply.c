/* SPDX-License-Identifier: Apache-2.0 */
/* The core's voltage and the flash's wait states before the clock is raised. */
#include <core_supply.h>
#include <zephyr/ztest.h>

#include "chip.h"

ErrorStatus __wrap_LL_SetFlashLatency(uint32_t bus_hz);

ZTEST(core_supply, test_overdrive_at_480_mhz)
{
	zassert_ok(levitas_core_supply_raise());
	zassert_equal(SYSCFG->PWRCR, SYSCFG_PWRCR_ODEN);
	zassert_equal(RCC->APB4ENR, RCC_APB4ENR_SYSCFGEN, "a register without its clock takes nothing");
}

/* ODEN is taken at VOS1 alone: not before both flags say that it is there. */
ZTEST(core_supply, test_regulator_that_never_gets_ready)
{
	PWR->D3CR &= ~PWR_D3CR_VOSRDY;
	zassert_equal(levitas_core_supply_raise(), -ETIMEDOUT);
	zassert_equal(SYSCFG->PWRCR, 0);

	PWR->D3CR |= PWR_D3CR_VOSRDY;
	PWR->CSR1 &= ~PWR_CSR1_ACTVOSRDY;
	zassert_equal(levitas_core_supply_raise(), -ETIMEDOUT);
	zassert_equal(SYSCFG->PWRCR, 0);
}

ZTEST(core_supply, test_chip_that_ends_at_400_mhz)
{
	DBGMCU->IDCODE = REVISION_Y;
	zassert_equal(levitas_core_supply_raise(), -ENOTSUP);
	zassert_equal(SYSCFG->PWRCR, 0);
}

/* Seven wait states as after reset; four at VOS0 and 240 MHz. */
ZTEST(core_supply, test_wait_states_of_the_flash)
{
	zassert_equal(__wrap_LL_SetFlashLatency(240000000), SUCCESS);
	zassert_equal(FLASH->ACR, FLASH_ACR_WRHIGHFREQ | FLASH_ACR_LATENCY_4WS);
}

static void at_vos1(void *fixture)
{
	chip_reset();
	memset((void *)RCC, 0, sizeof(*RCC));
	SYSCFG->PWRCR = 0;
	PWR->D3CR = PWR_D3CR_VOS | PWR_D3CR_VOSRDY;
	PWR->CSR1 = PWR_CSR1_ACTVOSRDY;
	FLASH->ACR = FLASH_ACR_WRHIGHFREQ | FLASH_ACR_LATENCY_7WS;
	ARG_UNUSED(fixture);
}

ZTEST_SUITE(core_supply, NULL, NULL, at_vos1, NULL, NULL);
