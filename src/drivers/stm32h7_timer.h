/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks of an STM32H7; that of TIM1 and HRTIM1 is known at compile time so that timings can be checked then. */
#ifndef LEVITAS_DRIVERS_STM32H7_TIMER_H_
#define LEVITAS_DRIVERS_STM32H7_TIMER_H_

#include <zephyr/devicetree.h>
#include <zephyr/sys/util.h>

#define STM32H7_RCC DT_NODELABEL(rcc)

/* Initialiser of a struct stm32_pclken: what switches the clock of a peripheral on. */
#define STM32H7_PCLKEN(node) {.bus = DT_CLOCKS_CELL(node, bus), .enr = DT_CLOCKS_CELL(node, bits)}

/*
 * RM0433, "Timer clocks" of the RCC, with TIMPRE and HRTIMSEL as after reset: the timers of APB2 run at the AHB clock,
 * or at twice that of APB2 where APB2 divides by more than two.
 */
#define STM32H7_AHB_CLOCK_HZ (DT_PROP(STM32H7_RCC, clock_frequency) / DT_PROP(STM32H7_RCC, hpre))
#define STM32H7_TIMER_CLOCK_HZ                                                                                         \
	(STM32H7_AHB_CLOCK_HZ / (DT_PROP(STM32H7_RCC, d2ppre2) > 2 ? DT_PROP(STM32H7_RCC, d2ppre2) / 2 : 1))

/* Counts of the timer clock in a time, none less than it. */
#define STM32H7_TIMER_COUNTS(ns) ((uint32_t)DIV_ROUND_UP((uint64_t)(ns) * STM32H7_TIMER_CLOCK_HZ, 1000000000ULL))

/* A bridge's carrier. */
#define STM32H7_TIMER_PERIOD_COUNTS(node)                                                                              \
	(STM32H7_TIMER_CLOCK_HZ / (DT_PROP(node, pwm_frequency_hz) != 0 ? DT_PROP(node, pwm_frequency_hz) : 1))

#define STM32H7_TIMER_CHECK_CARRIER(node, sampler)                                                                     \
	BUILD_ASSERT(DT_PROP(node, pwm_frequency_hz) > 0, DT_NODE_PATH(node) ": pwm-frequency-hz is zero");            \
	BUILD_ASSERT(STM32H7_TIMER_PERIOD_COUNTS(node) % 2 == 0 &&                                                     \
			     STM32H7_TIMER_PERIOD_COUNTS(node) * DT_PROP(node, pwm_frequency_hz) ==                    \
				     STM32H7_TIMER_CLOCK_HZ,                                                           \
		     DT_NODE_PATH(node) ": pwm-frequency-hz is not the timer clock by an even number");                \
	BUILD_ASSERT(DT_PROP(sampler, sample_rate_hz) > 0 &&                                                           \
			     DT_PROP(node, pwm_frequency_hz) % MAX(DT_PROP(sampler, sample_rate_hz), 1) == 0,          \
		     DT_NODE_PATH(node) ": pwm-frequency-hz is no multiple of sample-rate-hz of the sampler")

/*
 * Dead time of TIM1 (RM0433, BDTR.DTG): four ranges with steps of 1, 2, 8 and 16 counts, from 0, 128,
 * 256 and 512 counts. Rounded up: a dead time is never shorter than asked for.
 */
#define STM32H7_TIM1_DEAD_TIME_COUNTS_MAX 1008
#define STM32H7_TIM1_DEAD_TIME_CODE(counts)                                                                            \
	((counts) <= 127   ? (counts)                                                                                  \
	 : (counts) <= 254 ? 0x80 | (DIV_ROUND_UP(counts, 2) - 64)                                                     \
	 : (counts) <= 504 ? 0xc0 | (DIV_ROUND_UP(counts, 8) - 32)                                                     \
			   : 0xe0 | (DIV_ROUND_UP(counts, 16) - 32))

#endif /* LEVITAS_DRIVERS_STM32H7_TIMER_H_ */
