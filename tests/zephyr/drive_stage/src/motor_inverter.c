/* SPDX-License-Identifier: Apache-2.0 */
/* The motor inverter on TIM1: registers at rest, compare values over the whole duty, and everything that opens it. */
#include <levitas/motor_inverter.h>
#include <zephyr/drivers/pinctrl.h>
#include <zephyr/dt-bindings/clock/stm32h7_clock.h>
#include <zephyr/ztest.h>

#include "chip.h"
#include "stm32h7_timer.h"

/* Half of 240 MHz by 40 kHz; that less half of 2 us. */
#define PEAK        3000
#define COMPARE_MAX 2760

static const struct levitas_motor_inverter_command turning = {.duty = {0.25f, 0.5f, 0.75f}, .gate = true};

static bool switching(void)
{
	return (TIM1->BDTR & TIM_BDTR_MOE) != 0;
}

static void before(void *fixture)
{
	chip_start_all(fixture);
	chip_sample_millivolt(1650);
}

ZTEST(motor_inverter, test_registers_after_start)
{
	zassert_equal(chip.clock_enabled[STM32_CLOCK_BUS_APB2] & RCC_APB2ENR_TIM1EN, RCC_APB2ENR_TIM1EN);
	zassert_true(chip.motor_off_before_pins);
	/* Counting up and down, preloaded, running. */
	zassert_equal(TIM1->CR1, TIM_CR1_CMS_0 | TIM_CR1_ARPE | TIM_CR1_CEN);
	zassert_equal(TIM1->PSC, 0);
	zassert_equal(TIM1->ARR, PEAK);
	zassert_equal(TIM1->RCR, 1, "one update per period");
	/* PWM mode 1 (6) with preload on all channels. */
	zassert_equal(TIM1->CCMR1, 6 << 4 | TIM_CCMR1_OC1PE | 6 << 12 | TIM_CCMR1_OC2PE);
	zassert_equal(TIM1->CCMR2, 6 << 4 | TIM_CCMR2_OC3PE | 6 << 12 | TIM_CCMR2_OC4PE);
	/* Three complementary pairs, active high. */
	zassert_equal(TIM1->CCER, TIM_CCER_CC1E | TIM_CCER_CC1NE | TIM_CCER_CC2E | TIM_CCER_CC2NE | TIM_CCER_CC3E |
					  TIM_CCER_CC3NE);
	/* Channel 4 marks the valley: trigger output 7 is its reference. Idle levels low. */
	zassert_equal(TIM1->CR2, 7 << TIM_CR2_MMS_Pos);
	zassert_equal(TIM1->CCR4, 8);
	zassert_equal(TIM1->EGR, TIM_EGR_UG);
	/* 200 ns are 48 counts; break, active low, four samples; off means driven inactive; lock 1; off. */
	zassert_equal(TIM1->BDTR, 48 | 1 << TIM_BDTR_LOCK_Pos | TIM_BDTR_OSSI | TIM_BDTR_OSSR | TIM_BDTR_BKE |
					  2 << TIM_BDTR_BKF_Pos);
	zassert_equal(TIM1->AF1, TIM1_AF1_BKINE);

	zassert_true(chip_pin_is(STM32_PINMUX('E', 8, AF1), 0));
	zassert_true(chip_pin_is(STM32_PINMUX('E', 13, AF1), 0));
	/* A broken wire is a fault. */
	zassert_true(chip_pin_is(STM32_PINMUX('E', 15, AF1), STM32_PULL_DOWN << STM32_PUPDR_SHIFT));
}

ZTEST(motor_inverter, test_compare_values_over_all_duties)
{
	for (int32_t percent = -10; percent <= 110; percent++) {
		const float duty = 0.01f * percent;
		const struct levitas_motor_inverter_command command = {.duty = {duty, 1.0f - duty, duty}, .gate = true};
		const double wanted = MIN(PEAK * CLAMP(percent, 0, 100) / 100.0, COMPARE_MAX);
		const double opposite = MIN(PEAK * CLAMP(100 - percent, 0, 100) / 100.0, COMPARE_MAX);

		zassert_ok(levitas_motor_inverter_apply(motor_inverter, &command));
		zassert_within(TIM1->CCR1, wanted, 0.51, "%d %%", percent);
		zassert_within(TIM1->CCR2, opposite, 0.51, "%d %%", percent);
		zassert_within(TIM1->CCR3, wanted, 0.51, "%d %%", percent);
	}
	zassert_equal(TIM1->CR1 & TIM_CR1_UDIS, 0, "updates are on again");
}

ZTEST(motor_inverter, test_gate_and_what_opens_it)
{
	struct levitas_motor_inverter_command command = turning;

	zassert_false(switching());
	zassert_ok(levitas_motor_inverter_apply(motor_inverter, &command));
	zassert_true(switching());
	command.gate = false;
	zassert_ok(levitas_motor_inverter_apply(motor_inverter, &command));
	zassert_false(switching());
	zassert_equal(TIM1->CCR1 | TIM1->CCR2 | TIM1->CCR3, 0);

	for (size_t i = 0; i < 3; i++) {
		command = turning;
		zassert_ok(levitas_motor_inverter_apply(motor_inverter, &command));
		command.duty[i] = __builtin_nanf("");
		zassert_equal(levitas_motor_inverter_apply(motor_inverter, &command), -EINVAL);
		zassert_false(switching());
	}
}

ZTEST(motor_inverter, test_break_is_latched_until_told)
{
	const struct levitas_motor_inverter_command shut = {.gate = false};

	zassert_ok(levitas_motor_inverter_apply(motor_inverter, &turning));
	/* What the break input does. */
	TIM1->BDTR &= ~TIM_BDTR_MOE;
	for (size_t i = 0; i < 4; i++) {
		/* The gate driver's and the chip's own. */
		const uint32_t fault = i % 2 == 0 ? TIM_SR_BIF : TIM_SR_SBIF;

		TIM1->SR = fault;
		zassert_equal(levitas_motor_inverter_apply(motor_inverter, &turning), -EIO);
		zassert_false(switching());
		zassert_equal(TIM1->SR, fault);
	}
	zassert_ok(levitas_motor_inverter_apply(motor_inverter, &shut));
	/* Written zeros clear. */
	zassert_equal(TIM1->SR, (uint32_t)~(TIM_SR_BIF | TIM_SR_SBIF));
	TIM1->SR = 0;
	zassert_false(switching());
	zassert_ok(levitas_motor_inverter_apply(motor_inverter, &turning));
	zassert_true(switching());
}

ZTEST(motor_inverter, test_break_and_release_between_two_commands)
{
	zassert_ok(levitas_motor_inverter_apply(motor_inverter, &turning));
	TIM1->BDTR &= ~TIM_BDTR_MOE;
	zassert_ok(levitas_motor_inverter_apply(motor_inverter, &turning));
	zassert_false(switching(), "enabled once: what the break has shut stays so");
}

ZTEST(motor_inverter, test_nothing_switches_before_the_first_sample)
{
	chip_start_all(NULL);
	zassert_equal(levitas_motor_inverter_apply(motor_inverter, &turning), -EIO);
	zassert_false(switching());
	chip_sample_millivolt(1650);
	zassert_ok(levitas_motor_inverter_apply(motor_inverter, &turning));
	zassert_true(switching());
}

ZTEST(motor_inverter, test_started_before_the_sampler)
{
	chip_reset();
	chip.never_ready[0] = true;
	zassert_equal(chip_start(sampler), -ETIMEDOUT);
	zassert_equal(chip_start(motor_inverter), -ENODEV);
	zassert_false(switching(), "safe all the same");
	zassert_true(chip.motor_off_before_pins);
}

ZTEST(motor_inverter, test_currents_and_bus_voltage)
{
	/* 7 mohm, gain 10, about 1.65 V: 719.4 uA per count; inputs 2, 6, 10. Bus by 25: 1.2589 mV per count; 11. */
	static const struct {
		uint16_t phase;
		double current_a;
		int error;
		uint16_t bus;
		double bus_v;
		int bus_error;
	} rows[] = {
		{0, -23.571, -ERANGE, 0, 0.0, 0},
		{4900, -20.046, -ERANGE, 38128, 48.0, 0},
		{5000, -19.975, 0, 59500, 74.903, 0},
		{34158, 1.0, 0, 59600, 75.029, -ERANGE},
		{60600, 20.022, -ERANGE, 65535, 82.5, -ERANGE},
		{65535, 23.571, -ERANGE, 32768, 41.25, 0},
	};
	struct levitas_motor_inverter_sample sample;
	float voltage_v;

	zassert_ok(levitas_motor_inverter_fetch(motor_inverter, &sample));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (size_t phase = 0; phase < 3; phase++) {
			uint16_t counts[12] = {[2] = 32768, [6] = 32768, [10] = 32768, [11] = rows[i].bus};

			counts[2 + 4 * phase] = rows[i].phase;
			chip_sample(counts);
			zassert_equal(levitas_motor_inverter_fetch(motor_inverter, &sample), rows[i].error,
				      "row %zu", i);
			zassert_within((double)sample.phase_current_a[phase], rows[i].current_a, 1e-3, "row %zu", i);
			zassert_within((double)sample.phase_current_a[(phase + 1) % 3], 0.0, 1e-3, "row %zu", i);
			zassert_equal(levitas_motor_inverter_fetch_bus_voltage(motor_inverter, &voltage_v),
				      rows[i].bus_error, "row %zu", i);
			zassert_within((double)voltage_v, rows[i].bus_v, 2e-3, "row %zu", i);
		}
	}
	ADC2->ISR = 0;
	chip_interrupt();
	zassert_equal(levitas_motor_inverter_fetch(motor_inverter, &sample), -EIO);
	zassert_equal(levitas_motor_inverter_fetch_bus_voltage(motor_inverter, &voltage_v), -EIO);
}

/* As the reference manual decodes DTG: never shorter than asked for, and by less than a step longer. */
ZTEST(motor_inverter, test_dead_time_code)
{
	for (uint32_t counts = 1; counts <= STM32H7_TIM1_DEAD_TIME_COUNTS_MAX; counts++) {
		const uint32_t code = STM32H7_TIM1_DEAD_TIME_CODE(counts);
		uint32_t step;
		uint32_t got;

		zassert_true(code <= 0xff, "%u counts", counts);
		if ((code & 0x80) == 0) {
			step = 1;
			got = code;
		} else if ((code & 0xc0) == 0x80) {
			step = 2;
			got = 2 * (64 + (code & 0x3f));
		} else if ((code & 0xe0) == 0xc0) {
			step = 8;
			got = 8 * (32 + (code & 0x1f));
		} else {
			step = 16;
			got = 16 * (32 + (code & 0x1f));
		}
		zassert_true(got >= counts && got < counts + step, "%u counts: %u", counts, got);
	}
}

ZTEST_SUITE(motor_inverter, NULL, NULL, before, NULL, NULL);
