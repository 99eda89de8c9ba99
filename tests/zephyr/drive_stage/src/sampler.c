/* SPDX-License-Identifier: Apache-2.0 */
/* The sampler: what it makes of the converters, and what it says when they fail. */
#include <levitas/sampler.h>
#include <zephyr/drivers/pinctrl.h>
#include <zephyr/dt-bindings/clock/stm32h7_clock.h>
#include <zephyr/ztest.h>

#include "chip.h"

/* Inputs of the boards: converter, channel. */
static const uint8_t inputs[CONVERTERS][4] = {{3, 4, 5, 6}, {7, 8, 9, 6}, {5, 9, 4, 8}};

static uint32_t calls;

static void count_call(void *user_data)
{
	*(uint32_t *)user_data += 1;
}

ZTEST(sampler, test_registers_after_start)
{
	for (size_t i = 0; i < CONVERTERS; i++) {
		const ADC_TypeDef *adc = converter[i];
		uint32_t preselected = i == 2 ? BIT(19) : 0;

		zassert_true(chip.enabled[i], "ADC%zu", i + 1);
		/* Offset and linearity, single-ended. */
		zassert_equal(chip.calibration[i] & (ADC_CR_ADCALLIN | ADC_CR_ADCALDIF), ADC_CR_ADCALLIN);
		/* Out of deep power-down, regulator on, for more than 25 MHz, waiting for triggers. */
		zassert_equal(adc->CR & (ADC_CR_DEEPPWD | ADC_CR_ADVREGEN | ADC_CR_BOOST | ADC_CR_JADSTART),
			      ADC_CR_ADVREGEN | ADC_CR_BOOST | ADC_CR_JADSTART);
		/* 16 bits, no queue, no continuous or delayed mode, no DMA. */
		zassert_equal(adc->CFGR, ADC_CFGR_JQDIS);
		/* Four ranks at the rising edge of HRTIM trigger 2, which is external trigger 16. */
		zassert_equal(adc->JSQR, (4 - 1) | 16 << ADC_JSQR_JEXTSEL_Pos | 1 << ADC_JSQR_JEXTEN_Pos |
						 inputs[i][0] << ADC_JSQR_JSQ1_Pos | inputs[i][1] << ADC_JSQR_JSQ2_Pos |
						 inputs[i][2] << ADC_JSQR_JSQ3_Pos | inputs[i][3] << ADC_JSQR_JSQ4_Pos);
		for (size_t j = 0; j < 4; j++) {
			preselected |= BIT(inputs[i][j]);
			/* 16.5 clocks are code 3. */
			zassert_equal(adc->SMPR1 >> (3 * inputs[i][j]) & 7, 3);
		}
		zassert_equal(adc->PCSEL, preselected);
		zassert_equal(adc->IER, i == 2 ? ADC_IER_JEOSIE : 0);
	}
	/* Bus clock by four. */
	zassert_equal(ADC12_COMMON->CCR, 3 << ADC_CCR_CKMODE_Pos);
	zassert_equal(ADC3_COMMON->CCR, 3 << ADC_CCR_CKMODE_Pos | ADC_CCR_VREFEN);
	zassert_equal(chip.clock_enabled[STM32_CLOCK_BUS_AHB1], RCC_AHB1ENR_ADC12EN);
	zassert_equal(chip.clock_enabled[STM32_CLOCK_BUS_AHB4], RCC_AHB4ENR_ADC3EN);
	zassert_true(chip_pin_is(STM32_PINMUX('A', 6, ANALOG), 0));
	zassert_true(chip_pin_is(STM32_PINMUX('F', 6, ANALOG), 0));
}

ZTEST(sampler, test_counts_of_all_channels)
{
	static const uint16_t counts[LEVITAS_SAMPLER_CHANNELS] = {0,   1,   2222, 3333,  4444,  5555,
								  666, 777, 8888, 32768, 65534, 65535};

	zassert_equal(levitas_sampler_latest(sampler)->error, -EIO, "no sample yet");
	chip_sample(counts);
	zassert_ok(levitas_sampler_latest(sampler)->error);
	zassert_mem_equal(levitas_sampler_latest(sampler)->count, counts, sizeof(counts));
	zassert_equal(levitas_sampler_latest(sampler)->cycles, k_cycle_get_32());
	/* Written ones clear: the end of the group, and what may have been lost. */
	for (size_t i = 0; i < CONVERTERS; i++) {
		zassert_equal(converter[i]->ISR, ADC_ISR_JEOS | ADC_ISR_JEOC | ADC_ISR_OVR | ADC_ISR_JQOVF);
	}
}

/* A step reads it several times, and the next period may end meanwhile. */
ZTEST(sampler, test_sample_stays_while_the_next_one_is_taken)
{
	const struct levitas_sampler_sample *sample;
	struct levitas_sampler_sample before;

	chip_sample_millivolt(1650);
	sample = levitas_sampler_latest(sampler);
	before = *sample;
	k_busy_wait(50);
	chip_sample_millivolt(3300);
	zassert_mem_equal(sample, &before, sizeof(before));
	zassert_equal(levitas_sampler_latest(sampler)->period, before.period + 1);
	zassert_equal(levitas_sampler_latest(sampler)->count[0], LEVITAS_SAMPLER_COUNT_MAX);
}

ZTEST(sampler, test_handler_once_a_period)
{
	calls = 0;
	chip_sample_millivolt(1650);
	zassert_equal(calls, 0, "nobody has asked");
	zassert_ok(levitas_sampler_start(sampler, count_call, &calls));
	zassert_equal(levitas_sampler_start(sampler, count_call, &calls), -EALREADY);
	for (uint32_t i = 1; i <= 5; i++) {
		k_busy_wait(50);
		chip_sample_millivolt(1650);
		zassert_equal(calls, i);
	}
}

/* Periods of 50 us; each row: time since the last interrupt, by how much the counter must move. */
ZTEST(sampler, test_period_counter_shows_missed_samples)
{
	static const struct {
		uint32_t us;
		uint32_t periods;
	} rows[] = {
		{90, 2},                    /* the first was late, and one missed at once */
		{30, 1}, {100, 2},          /* still earlier, then one missed */
		{50, 1}, {50, 1},           /* as it should be */
		{50, 1}, {80, 1}, {20, 1},  /* one late */
		{50, 1}, {500, 10},         /* nine missed */
		{80, 1}, {70, 2}, {50, 1},  /* one late, one missed */
	};
	uint32_t before;
	uint32_t passed;

	chip_sample_millivolt(1650);
	zassert_ok(levitas_sampler_latest(sampler)->error);
	zassert_equal(levitas_sampler_latest(sampler)->period, 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		before = levitas_sampler_latest(sampler)->period;
		k_busy_wait(rows[i].us);
		chip_sample_millivolt(1650);
		zassert_ok(levitas_sampler_latest(sampler)->error);
		passed = levitas_sampler_latest(sampler)->period - before;
		zassert_equal(passed, rows[i].periods, "row %zu: %u", i, passed);
	}
}

ZTEST(sampler, test_lost_and_missing_conversions)
{
	static const uint32_t lost[] = {ADC_ISR_OVR, ADC_ISR_JQOVF};

	zassert_ok(levitas_sampler_start(sampler, count_call, &calls));
	for (size_t i = 0; i < CONVERTERS; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(lost); j++) {
			chip_sample_millivolt(1650);
			zassert_ok(levitas_sampler_latest(sampler)->error);
			for (size_t k = 0; k < CONVERTERS; k++) {
				converter[k]->ISR = ADC_ISR_JEOS | (k == i ? lost[j] : 0);
			}
			chip_interrupt();
			zassert_equal(levitas_sampler_latest(sampler)->error, -EIO);
		}
		for (size_t k = 0; k < CONVERTERS; k++) {
			converter[k]->ISR = k == i ? 0 : ADC_ISR_JEOS;
		}
		calls = 0;
		chip_interrupt();
		zassert_equal(levitas_sampler_latest(sampler)->error, -EIO);
		zassert_equal(calls, 1, "the levitation task must know");
	}
	chip_sample_millivolt(1650);
	zassert_ok(levitas_sampler_latest(sampler)->error, "a good one after a bad one");
}

ZTEST(sampler, test_converter_that_never_gets_ready)
{
	for (size_t i = 0; i < CONVERTERS; i++) {
		chip_reset();
		chip.never_calibrated[i] = true;
		zassert_equal(chip_start(sampler), -ETIMEDOUT, "ADC%zu", i + 1);
		zassert_false(device_is_ready(sampler));

		chip_reset();
		chip.never_ready[i] = true;
		zassert_equal(chip_start(sampler), -ETIMEDOUT, "ADC%zu", i + 1);
		for (size_t k = 0; k < CONVERTERS; k++) {
			zassert_equal(converter[k]->CR & ADC_CR_JADSTART, 0, "none converts");
		}
	}
	chip_reset();
	chip.never_converted = true;
	zassert_equal(chip_start(sampler), -ETIMEDOUT);
	/* Devices on it are not ready, either. */
	zassert_equal(chip_start(hall_displacement), -ENODEV);
	zassert_equal(chip_start(hall_angle), -ENODEV);
	zassert_equal(chip_start(coil_driver), -ENODEV);
	zassert_equal(chip_start(motor_inverter), -ENODEV);
}

ZTEST(sampler, test_reference_within_five_percent)
{
	static const struct {
		uint32_t millivolt;
		int error;
	} rows[] = {{3125, -ERANGE}, {3145, 0}, {3300, 0}, {3455, 0}, {3475, -ERANGE}, {1650, -ERANGE}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		chip_reset();
		chip.reference_millivolt = rows[i].millivolt;
		zassert_equal(chip_start(sampler), rows[i].error, "%u mV", rows[i].millivolt);
	}
}

ZTEST(sampler, test_chip_whose_converters_would_be_too_fast)
{
	chip_reset();
	DBGMCU->IDCODE = REVISION_Y;
	zassert_equal(chip_start(sampler), -ENOTSUP);
	zassert_false(chip.enabled[0]);
}

ZTEST_SUITE(sampler, NULL, NULL, chip_start_all, NULL, NULL);
