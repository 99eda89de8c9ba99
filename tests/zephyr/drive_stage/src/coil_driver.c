/* SPDX-License-Identifier: Apache-2.0 */
/* The coil driver on the HRTIM: registers at rest, pulses over the whole duty, and everything that shuts the gate. */
#include <levitas/coil_driver.h>
#include <zephyr/drivers/gpio/gpio_emul.h>
#include <zephyr/drivers/pinctrl.h>
#include <zephyr/dt-bindings/clock/stm32h7_clock.h>
#include <zephyr/ztest.h>

#include "chip.h"

/* 240 MHz by 40 kHz; 400 ns; 100 ns. */
#define PERIOD    6000
#define PULSE_MIN 96
#define DEAD_TIME 24
#define OUTPUTS   0xff

static const struct device *const port = DEVICE_DT_GET(DT_NODELABEL(gpiog));
static const struct levitas_coil_driver_command driving = {.duty = {0.25f, -0.5f}, .gate = true, .drive_line = true};

#define COMMON HRTIM1->sCommonRegs

static uint32_t width(size_t leg)
{
	return HRTIM1->sTimerxRegs[leg].CMP2xR - HRTIM1->sTimerxRegs[leg].CMP1xR;
}

static void zassert_shut(void)
{
	zassert_equal(COMMON.ODISR, OUTPUTS);
	zassert_equal(COMMON.OENR, 0);
	for (size_t i = 0; i < 4; i++) {
		zassert_equal(width(i), PERIOD / 2, "no voltage at the next opening");
	}
}

/* Forgets what was written to the registers of which a written one acts. */
static void forget(void)
{
	COMMON.ODISR = 0;
	COMMON.OENR = 0;
	COMMON.ICR = 0;
}

static void before(void *fixture)
{
	chip_start_all(fixture);
	for (size_t i = 0; i < 8; i++) {
		zassert_ok(gpio_emul_input_set(port, 2 + i, 0));
	}
	chip_sample_millivolt(1650);
	forget();
}

ZTEST(coil_driver, test_registers_after_start)
{
	chip_start_all(NULL);
	zassert_equal(COMMON.OENR, 0);
	zassert_equal(COMMON.ODISR, OUTPUTS);
	zassert_true(chip.coils_off_before_pins);
	zassert_equal(chip.clock_enabled[STM32_CLOCK_BUS_APB2] & RCC_APB2ENR_HRTIMEN, RCC_APB2ENR_HRTIMEN);

	/* Not divided, continuous, started by TIM1; 20 kHz, trigger after 10.3 us. */
	zassert_equal(HRTIM1->sMasterRegs.MCR, 5 | HRTIM_MCR_CONT | HRTIM_MCR_SYNCSTRTM | HRTIM_MCR_SYNC_IN_1 |
						       HRTIM_MCR_MCEN | HRTIM_MCR_TACEN | HRTIM_MCR_TBCEN |
						       HRTIM_MCR_TCCEN | HRTIM_MCR_TDCEN);
	zassert_equal(HRTIM1->sMasterRegs.MPER, 2 * PERIOD);
	zassert_equal(HRTIM1->sMasterRegs.MCMP1R, 2472);
	zassert_equal(COMMON.ADC2R, HRTIM_ADC2R_AD2MC1);
	zassert_equal(COMMON.CR1, 0, "updates are on");
	/* Low is a fault, the pin is its source, eight samples of the timer clock, locked. */
	zassert_equal(COMMON.FLTINR1, HRTIM_FLTINR1_FLT1E | 3 << HRTIM_FLTINR1_FLT1F_Pos | HRTIM_FLTINR1_FLT1LCK);

	for (size_t i = 0; i < 4; i++) {
		const HRTIM_Timerx_TypeDef *unit = &HRTIM1->sTimerxRegs[i];

		zassert_equal(unit->TIMxCR, 5 | HRTIM_TIMCR_CONT | HRTIM_TIMCR_SYNCSTRT | HRTIM_TIMCR_TRSTU |
						    HRTIM_TIMCR_PREEN);
		zassert_equal(unit->PERxR, PERIOD);
		zassert_equal(unit->CMP1xR, PERIOD / 4);
		zassert_equal(unit->CMP2xR, 3 * PERIOD / 4);
		zassert_equal(unit->SETx1R, HRTIM_SET1R_CMP1);
		zassert_equal(unit->RSTx1R, HRTIM_RST1R_CMP2);
		zassert_equal(unit->SETx2R | unit->RSTx2R, 0);
		/* Both edges, in counts of the timer clock. */
		zassert_equal(unit->DTxR, 3 << HRTIM_DTR_DTPRSC_Pos | DEAD_TIME << HRTIM_DTR_DTR_Pos |
						  DEAD_TIME << HRTIM_DTR_DTF_Pos);
		/* Dead time; inactive in idle (IDLES clear) and in fault (2), active high. */
		zassert_equal(unit->OUTxR,
			      HRTIM_OUTR_DTEN | 2 << HRTIM_OUTR_FAULT1_Pos | 2 << HRTIM_OUTR_FAULT2_Pos);
		zassert_equal(unit->FLTxR, HRTIM_FLTR_FLT1EN);
	}
	zassert_equal(HRTIM1->sTimerxRegs[4].OUTxR, 0, "unit E is nobody's");
}

ZTEST(coil_driver, test_pins)
{
	static const struct {
		char port;
		uint8_t pin;
		uint8_t function;
	} outputs[] = {{'C', 6, 1}, {'C', 7, 1},  {'C', 8, 1},  {'A', 8, 2},
		       {'A', 9, 2}, {'A', 10, 2}, {'A', 11, 2}, {'A', 12, 2}};

	for (size_t i = 0; i < ARRAY_SIZE(outputs); i++) {
		const uint32_t pinmux = (outputs[i].port - 'A') << STM32_PORT_SHIFT |
					outputs[i].pin << STM32_LINE_SHIFT | outputs[i].function << STM32_MODE_SHIFT;

		zassert_true(chip_pin_is(pinmux, 0), "output %zu", i);
	}
	/* A broken wire is a fault. */
	zassert_true(chip_pin_is(STM32_PINMUX('A', 15, AF2), STM32_PULL_DOWN << STM32_PUPDR_SHIFT));
	zassert_equal(gpio_emul_output_get(port, 0), 0);
	zassert_equal(gpio_emul_output_get(port, 1), 0);
}

ZTEST(coil_driver, test_pulses_over_all_duties)
{
	for (int32_t percent = -110; percent <= 110; percent++) {
		const float duty = 0.01f * percent;
		const struct levitas_coil_driver_command command = {.duty = {duty, -duty}, .gate = true};
		const double wanted = CLAMP(PERIOD * (1.0 + CLAMP(percent, -100, 100) / 100.0) / 2.0, PULSE_MIN,
					    PERIOD - PULSE_MIN);

		zassert_ok(levitas_coil_driver_apply(coil_driver, &command));
		zassert_within(width(0), wanted, 0.51, "%d %%", percent);
		zassert_equal(width(0) + width(1), PERIOD, "%d %%", percent);
		zassert_within(width(2), PERIOD - wanted, 0.51, "%d %%", percent);
		zassert_equal(width(2) + width(3), PERIOD, "%d %%", percent);
		for (size_t i = 0; i < 4; i++) {
			const HRTIM_Timerx_TypeDef *unit = &HRTIM1->sTimerxRegs[i];

			/* About the middle; both compare values where the HRTIM can see them. */
			zassert_within((int32_t)(unit->CMP1xR + unit->CMP2xR), PERIOD, 1, "%d %%", percent);
			zassert_true(unit->CMP1xR >= 3 && unit->CMP2xR < PERIOD, "%d %%", percent);
			/* What dead time leaves of the upper and of the lower switch's time. */
			zassert_true(width(i) > DEAD_TIME && PERIOD - width(i) > 2 * DEAD_TIME, "%d %%", percent);
		}
	}
	zassert_equal(COMMON.CR1, 0, "updates are on again");
}

ZTEST(coil_driver, test_gate_and_line)
{
	struct levitas_coil_driver_command command = driving;

	zassert_ok(levitas_coil_driver_apply(coil_driver, &command));
	zassert_equal(COMMON.OENR, OUTPUTS);
	zassert_equal(COMMON.ODISR, 0);
	zassert_equal(gpio_emul_output_get(port, 0), 1);
	zassert_equal(gpio_emul_output_get(port, 1), 0);

	forget();
	command.drive_line = false;
	command.latch_override = true;
	zassert_ok(levitas_coil_driver_apply(coil_driver, &command));
	zassert_equal(COMMON.OENR, 0, "enabled once: what a fault has shut stays so");
	zassert_equal(gpio_emul_output_get(port, 0), 0);
	zassert_equal(gpio_emul_output_get(port, 1), 1);

	command.gate = false;
	zassert_ok(levitas_coil_driver_apply(coil_driver, &command));
	zassert_shut();
	zassert_equal(COMMON.ICR, HRTIM_ICR_FLT1C | HRTIM_ICR_SYSFLTC);
}

ZTEST(coil_driver, test_duty_that_is_no_number)
{
	for (size_t i = 0; i < 2; i++) {
		struct levitas_coil_driver_command command = driving;

		command.latch_override = true;
		zassert_ok(levitas_coil_driver_apply(coil_driver, &command));
		forget();
		command.duty[i] = __builtin_nanf("");
		zassert_equal(levitas_coil_driver_apply(coil_driver, &command), -EINVAL);
		zassert_shut();
		zassert_equal(gpio_emul_output_get(port, 0), 0, "the line falls silent");
		zassert_equal(gpio_emul_output_get(port, 1), 0);
		zassert_equal(COMMON.ICR, 0, "no command to forget a fault");
		command.gate = false;
		zassert_equal(levitas_coil_driver_apply(coil_driver, &command), -EINVAL);
	}
}

ZTEST(coil_driver, test_fault_is_latched_until_told)
{
	const struct levitas_coil_driver_command shut = {.gate = false};
	struct levitas_coil_driver_sample sample;

	zassert_ok(levitas_coil_driver_apply(coil_driver, &driving));
	zassert_ok(levitas_coil_driver_fetch(coil_driver, &sample));
	zassert_equal(sample.pair, 0);

	for (size_t i = 0; i < 4; i++) {
		/* The gate driver's and the chip's own. */
		COMMON.ISR = i % 2 == 0 ? HRTIM_ISR_FLT1 : HRTIM_ISR_SYSFLT;
		forget();
		zassert_equal(levitas_coil_driver_apply(coil_driver, &driving), -EIO);
		zassert_equal(COMMON.ODISR, OUTPUTS);
		zassert_equal(COMMON.OENR, 0);
		zassert_equal(COMMON.ICR, 0);
		zassert_ok(levitas_coil_driver_fetch(coil_driver, &sample));
		zassert_equal(sample.pair, LEVITAS_PAIR_GATE_FAULT);
	}

	zassert_ok(levitas_coil_driver_apply(coil_driver, &shut));
	zassert_equal(COMMON.ICR, HRTIM_ICR_FLT1C | HRTIM_ICR_SYSFLTC);
	/* What a written one in ICR does. */
	COMMON.ISR = 0;
	forget();
	zassert_ok(levitas_coil_driver_apply(coil_driver, &driving));
	zassert_equal(COMMON.OENR, OUTPUTS);
}

ZTEST(coil_driver, test_nothing_switches_before_the_first_sample)
{
	chip_start_all(NULL);
	forget();
	zassert_equal(levitas_coil_driver_apply(coil_driver, &driving), -EIO);
	zassert_equal(COMMON.OENR, 0);
	/* The converters fail. */
	chip_interrupt();
	zassert_equal(levitas_coil_driver_apply(coil_driver, &driving), -EIO);
	zassert_equal(COMMON.OENR, 0);
	chip_sample_millivolt(1650);
	zassert_ok(levitas_coil_driver_apply(coil_driver, &driving));
	zassert_equal(COMMON.OENR, OUTPUTS);
	/* Once open, a lost sample is the task's affair: losing the rotor would be worse. */
	forget();
	chip_interrupt();
	ADC1->ISR = 0;
	chip_interrupt();
	zassert_ok(levitas_coil_driver_apply(coil_driver, &driving));
	zassert_equal(COMMON.ODISR, 0);
}

ZTEST(coil_driver, test_started_before_the_sampler)
{
	chip_reset();
	chip.never_ready[0] = true;
	zassert_equal(chip_start(sampler), -ETIMEDOUT);
	zassert_equal(chip_start(coil_driver), -ENODEV);
	zassert_equal(COMMON.ODISR, OUTPUTS, "safe all the same");
	zassert_equal(COMMON.OENR, 0);
	zassert_true(chip.coils_off_before_pins);
}

ZTEST(coil_driver, test_currents)
{
	/* 5 mohm, gain 20, 3.3 V of 65535 counts, about 1.65 V: 503.5 uA per count. */
	static const struct {
		uint16_t count;
		double current_a;
		int error;
	} rows[] = {
		{0, -16.5, -ERANGE},     {2900, -15.04, -ERANGE}, {3000, -14.989, 0}, {32768, 0.0, 0},
		{34754, 1.0, 0},         {62500, 14.972, 0},      {62600, 15.02, -ERANGE}, {65535, 16.5, -ERANGE},
	};
	struct levitas_coil_driver_sample sample;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (size_t axis = 0; axis < 2; axis++) {
			uint16_t counts[12] = {[8] = 32768, [9] = 32768};

			counts[8 + axis] = rows[i].count;
			chip_sample(counts);
			zassert_equal(levitas_coil_driver_fetch(coil_driver, &sample), rows[i].error, "row %zu", i);
			zassert_within((double)sample.current_a[axis], rows[i].current_a, 3e-3, "row %zu", i);
			zassert_within((double)sample.current_a[1 - axis], 0.0, 1e-3, "row %zu", i);
		}
	}
}

ZTEST(coil_driver, test_bits_of_the_pair)
{
	struct levitas_coil_driver_sample sample;

	for (size_t i = 0; i < 8; i++) {
		zassert_ok(gpio_emul_input_set(port, 2 + i, 1));
		zassert_ok(levitas_coil_driver_fetch(coil_driver, &sample));
		zassert_equal(sample.pair, BIT(i));
		zassert_ok(gpio_emul_input_set(port, 2 + i, 0));
	}
	/* Currents that nobody vouches for are no reason not to say it. */
	zassert_ok(gpio_emul_input_set(port, 5, 1));
	ADC3->ISR = 0;
	chip_interrupt();
	zassert_equal(levitas_coil_driver_fetch(coil_driver, &sample), -EIO);
	zassert_equal(sample.pair, LEVITAS_PAIR_GATE_OPEN);
}

ZTEST_SUITE(coil_driver, NULL, NULL, before, NULL, NULL);
