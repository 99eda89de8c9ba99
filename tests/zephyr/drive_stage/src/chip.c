/* SPDX-License-Identifier: Apache-2.0 */
#include "chip.h"

#include <string.h>

#include <zephyr/arch/posix/posix_soc_if.h>
#include <zephyr/drivers/clock_control.h>
#include <zephyr/drivers/clock_control/stm32_clock_control.h>
#include <zephyr/drivers/pinctrl.h>
#include <zephyr/ztest.h>

#define ADC3_INTERRUPT DT_IRQN(DT_NODELABEL(adc3))
/* Internal reference of 1.21 V at 3.3 V. */
#define REFERENCE_CAL  24030

struct chip chip;
ADC_TypeDef *const converter[CONVERTERS] = {ADC1, ADC2, ADC3};

const struct device *const sampler = DEVICE_DT_GET(DT_NODELABEL(sampler));
const struct device *const hall_displacement = DEVICE_DT_GET(DT_NODELABEL(hall_displacement_own));
const struct device *const hall_angle = DEVICE_DT_GET(DT_NODELABEL(hall_angle_own));
const struct device *const coil_driver = DEVICE_DT_GET(DT_NODELABEL(coil_driver_own));
const struct device *const motor_inverter = DEVICE_DT_GET(DT_NODELABEL(motor_inverter_own));

static pinctrl_soc_pin_t pins[64];

/* The converters' own part, every 0.1 ms. */
static void converters_work(struct k_timer *timer)
{
	ARG_UNUSED(timer);
	for (size_t i = 0; i < CONVERTERS; i++) {
		ADC_TypeDef *adc = converter[i];

		if ((adc->CR & ADC_CR_ADCAL) != 0 && !chip.never_calibrated[i]) {
			chip.calibration[i] = adc->CR;
			adc->CR &= ~ADC_CR_ADCAL;
		}
		if ((adc->CR & ADC_CR_ADEN) == 0 && !chip.enabled[i]) {
			/* Written ones have cleared the flags. */
			adc->ISR = 0;
		}
		if ((adc->CR & ADC_CR_ADEN) != 0 && !chip.lost_enable[i]) {
			/* As if it had been written within four clocks after the calibration. */
			chip.lost_enable[i] = true;
			adc->CR &= ~ADC_CR_ADEN;
		}
		if ((adc->CR & ADC_CR_ADEN) != 0 && !chip.never_ready[i]) {
			chip.enabled[i] = true;
			adc->ISR |= ADC_ISR_ADRDY;
		}
	}
	if ((ADC3->CR & ADC_CR_ADSTART) != 0 && !chip.never_converted) {
		ADC3->CR &= ~ADC_CR_ADSTART;
		ADC3->DR = REFERENCE_CAL * 3300 / chip.reference_millivolt;
		ADC3->ISR |= ADC_ISR_EOC;
	}
}

K_TIMER_DEFINE(converters, converters_work, NULL);

static int clock_on(const struct device *dev, clock_control_subsys_t system)
{
	const struct stm32_pclken *clock = system;

	ARG_UNUSED(dev);
	chip.clock_enabled[clock->bus] |= clock->enr;
	return 0;
}

static const struct clock_control_driver_api clock_api = {.on = clock_on};

DEVICE_DT_DEFINE(DT_NODELABEL(rcc), NULL, NULL, NULL, NULL, PRE_KERNEL_1, 0, &clock_api);

int pinctrl_configure_pins(const pinctrl_soc_pin_t *which, uint8_t count, uintptr_t reg)
{
	ARG_UNUSED(reg);
	for (size_t i = 0; i < count; i++) {
		zassert_true(chip.pins < ARRAY_SIZE(pins));
		pins[chip.pins++] = which[i];
		if (which[i].pinmux == STM32_PINMUX('C', 6, AF1)) {
			chip.coils_off_before_pins = HRTIM1->sCommonRegs.ODISR == 0xff;
		}
		if (which[i].pinmux == STM32_PINMUX('E', 9, AF1)) {
			chip.motor_off_before_pins = TIM1->CR1 != 0 && (TIM1->BDTR & TIM_BDTR_MOE) == 0;
		}
	}
	return 0;
}

bool chip_pin_is(uint32_t pinmux, uint32_t pincfg)
{
	for (size_t i = 0; i < chip.pins; i++) {
		if (pins[i].pinmux == pinmux) {
			return pins[i].pincfg == pincfg;
		}
	}
	return false;
}

void chip_reset(void)
{
	k_timer_start(&converters, K_TICKS(1), K_TICKS(1));
	chip = (struct chip){.reference_millivolt = 3300};
	memset((void *)TIM1, 0, sizeof(*TIM1));
	memset((void *)HRTIM1, 0, sizeof(*HRTIM1));
	memset((void *)ADC12_COMMON, 0, sizeof(*ADC12_COMMON));
	memset((void *)ADC3_COMMON, 0, sizeof(*ADC3_COMMON));
	for (size_t i = 0; i < CONVERTERS; i++) {
		memset((void *)converter[i], 0, sizeof(*converter[i]));
		converter[i]->CR = ADC_CR_DEEPPWD;
		converter[i]->CFGR = ADC_CFGR_JQDIS;
	}
	*(uint16_t *)0x1ff1e860UL = REFERENCE_CAL;
	DBGMCU->IDCODE = REVISION_V;
}

int chip_start(const struct device *dev)
{
	dev->state->init_res = 0;
	return -device_init(dev);
}

void chip_start_all(void *fixture)
{
	ARG_UNUSED(fixture);
	chip_reset();
	zassert_ok(chip_start(sampler));
	zassert_ok(chip_start(hall_displacement));
	zassert_ok(chip_start(hall_angle));
	zassert_ok(chip_start(motor_inverter));
	zassert_ok(chip_start(coil_driver));
}

void chip_interrupt(void)
{
	posix_sw_set_pending_IRQ(ADC3_INTERRUPT);
}

void chip_sample(const uint16_t count[12])
{
	for (size_t i = 0; i < CONVERTERS; i++) {
		converter[i]->JDR1 = count[4 * i];
		converter[i]->JDR2 = count[4 * i + 1];
		converter[i]->JDR3 = count[4 * i + 2];
		converter[i]->JDR4 = count[4 * i + 3];
		converter[i]->ISR = ADC_ISR_JEOS | ADC_ISR_JEOC;
	}
	chip_interrupt();
}

void chip_sample_millivolt(uint32_t millivolt)
{
	uint16_t count[12];

	for (size_t i = 0; i < ARRAY_SIZE(count); i++) {
		count[i] = (uint16_t)(65535 * millivolt / 3300);
	}
	chip_sample(count);
}
