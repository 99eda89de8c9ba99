/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers of TDC1000 and TDC7200, and what the device tree wants in them. Names are those of the data sheets SNAS648 and
 * SNAS647, register maps.
 */
#ifndef LEVITAS_FLOW_METER_TDC_REGISTERS_H_
#define LEVITAS_FLOW_METER_TDC_REGISTERS_H_

#include <zephyr/devicetree.h>
#include <zephyr/sys/util.h>

/* Both chips: address in six bits, bit 6 writes. Of the converter alone: bit 7 goes on to the next register. */
#define COMMAND_WRITE          BIT(6)
#define COMMAND_AUTO_INCREMENT BIT(7)

/* TDC1000. */
enum front_end_register {
	CONFIG_0,
	CONFIG_1,
	CONFIG_2,
	CONFIG_3,
	CONFIG_4,
	TOF_1,
	TOF_0,
	ERROR_FLAGS,
	TIMEOUT,
	CLOCK_RATE,
	FRONT_END_REGISTERS,
};

#define CONFIG_0_TX_FREQ_DIV     5
/* Bit that reads as one; no averages; one stop pulse. */
#define CONFIG_1_ONE_STOP        0x41
/* Transit time, channels by CH_SEL: TX1 with RX1 or TX2 with RX2. */
#define CONFIG_2_MODE_1          0x01
#define CONFIG_2_CH_SEL          2
/* Highest phase-shift position: no phase shift; single echo; rising trigger edge. */
#define CONFIG_4_SINGLE_ECHO     0x1f
#define TOF_1_PGA_GAIN           5
/* Resets the state machine (bit 1) and the flags (bit 0). */
#define ERROR_FLAGS_RESET        0x03
#define TIMEOUT_FORCE_SHORT_TOF  BIT(6)
#define TIMEOUT_BLANK_PERIOD     3

/* TDC7200. */
enum converter_register {
	CONFIG1,
	CONFIG2,
	INT_STATUS,
	INT_MASK,
	COARSE_CNTR_OVF_H,
	COARSE_CNTR_OVF_L,
	CLOCK_CNTR_OVF_H,
	CLOCK_CNTR_OVF_L,
	CLOCK_CNTR_STOP_MASK_H,
	CLOCK_CNTR_STOP_MASK_L,
	CONVERTER_REGISTERS,
	TIME1 = 0x10,
	CALIBRATION1 = 0x1b,
};

#define CONFIG1_PARITY_EN  BIT(6)
#define CONFIG1_MEAS_MODE2 BIT(1)
#define CONFIG1_START_MEAS BIT(0)

#define CONFIG2_CALIBRATION2_PERIODS 6

#define INT_STATUS_CLOCK_CNTR_OVF BIT(2)
#define INT_STATUS_NEW_MEAS       BIT(0)
#define INT_STATUS_CLEAR          0x1f

/* A new result, or an overflow of the clock counter. */
#define INT_MASK_USED (INT_STATUS_CLOCK_CNTR_OVF | INT_STATUS_NEW_MEAS)

#define SPI_FRONT_END_HZ_MAX 26000000
#define SPI_CONVERTER_HZ_MAX 20000000
#define FRONT_END_CLOCK_HZ_MAX 16000000

#define FRONT_END(node) DT_PHANDLE(node, front_end)
#define CONVERTER(node) DT_PHANDLE(node, converter)

#define HZ_PER_MHZ 1000000

/* The window in clock periods of either chip. */
#define MIN_CLOCKS(node, chip) (DT_PROP(node, transit_min_us) * (DT_PROP(chip, clock_frequency) / HZ_PER_MHZ))
#define MAX_CLOCKS(node, chip) (DT_PROP(node, transit_max_us) * (DT_PROP(chip, clock_frequency) / HZ_PER_MHZ))

/* Largest code of which BASE << code is not more than VALUE, and smallest one of which it is not less. */
#define CODE_BELOW(base, value)                                                                                        \
	((value) >= (base) << 7 ? 7 : (value) >= (base) << 6 ? 6 : (value) >= (base) << 5 ? 5 :                        \
	 (value) >= (base) << 4 ? 4 : (value) >= (base) << 3 ? 3 : (value) >= (base) << 2 ? 2 :                        \
	 (value) >= (base) << 1 ? 1 : 0)
#define CODE_ABOVE(base, value) ((value) <= (base) ? 0 : CODE_BELOW(base, (value) - 1) + 1)

/* Units of both time-outs of the front end [clock periods]. */
#define BLANK_CLOCKS         8
#define TIMEOUT_CLOCKS       128
#define TIMEOUT_CODE_MAX     3
#define TX_DIVIDER(chip)     (DT_PROP(chip, clock_frequency) / DT_PROP(chip, transducer_frequency_hz))
#define TX_CODE(chip)        CODE_BELOW(2, TX_DIVIDER(chip))
#define BURST_CLOCKS(chip)   (DT_PROP(chip, transmit_pulses) * TX_DIVIDER(chip))
#define BLANK_CODE(node)     CODE_BELOW(BLANK_CLOCKS, MIN_CLOCKS(node, FRONT_END(node)))
#define TIMEOUT_CODE(node)   CODE_ABOVE(TIMEOUT_CLOCKS, MAX_CLOCKS(node, FRONT_END(node)))

#define CHECK_FRONT_END(chip)                                                                                          \
	BUILD_ASSERT(DT_PROP(chip, spi_max_frequency) <= SPI_FRONT_END_HZ_MAX,                                         \
		     DT_NODE_PATH(chip) ": spi-max-frequency is above the 26 MHz of a TDC1000");                       \
	BUILD_ASSERT(DT_PROP(chip, clock_frequency) >= HZ_PER_MHZ &&                                                   \
			     DT_PROP(chip, clock_frequency) <= FRONT_END_CLOCK_HZ_MAX,                                 \
		     DT_NODE_PATH(chip) ": clock-frequency is not between 1 and 16 MHz");                              \
	BUILD_ASSERT(DT_PROP(chip, transducer_frequency_hz) > 0,                                                       \
		     DT_NODE_PATH(chip) ": transducer-frequency-hz is zero");                                          \
	BUILD_ASSERT(DT_PROP(chip, transducer_frequency_hz) << (TX_CODE(chip) + 1) ==                                  \
			     DT_PROP(chip, clock_frequency),                                                           \
		     DT_NODE_PATH(chip) ": transducer-frequency-hz is not the clock by a power of two");               \
	BUILD_ASSERT(DT_PROP(chip, transmit_pulses) >= 1 && DT_PROP(chip, transmit_pulses) <= 31,                      \
		     DT_NODE_PATH(chip) ": transmit-pulses is not 1 to 31")

#define CHECK(node)                                                                                                    \
	BUILD_ASSERT(DT_SAME_NODE(DT_BUS(FRONT_END(node)), DT_BUS(CONVERTER(node))),                                   \
		     DT_NODE_PATH(node) ": front-end and converter are not on one bus");                               \
	BUILD_ASSERT(DT_PROP(CONVERTER(node), spi_max_frequency) <= SPI_CONVERTER_HZ_MAX,                              \
		     DT_NODE_PATH(CONVERTER(node)) ": spi-max-frequency is above the 20 MHz of a TDC7200");            \
	BUILD_ASSERT(DT_PROP(CONVERTER(node), clock_frequency) == DT_PROP(FRONT_END(node), clock_frequency),           \
		     DT_NODE_PATH(CONVERTER(node)) ": clock-frequency is not that of the front end");                  \
	BUILD_ASSERT(DT_PROP(node, amplitude_clear_millivolt) > 0,                                                     \
		     DT_NODE_PATH(node) ": amplitude-clear-millivolt is zero");                                        \
	BUILD_ASSERT(DT_PROP(node, pairs_per_millisecond) >= 1 && DT_PROP(node, pairs_per_millisecond) <= 4,           \
		     DT_NODE_PATH(node) ": pairs-per-millisecond is not 1 to 4");                                      \
	BUILD_ASSERT(DT_PROP(node, transit_min_us) < DT_PROP(node, transit_max_us),                                    \
		     DT_NODE_PATH(node) ": transit-min-us is not less than transit-max-us");                           \
	BUILD_ASSERT(MIN_CLOCKS(node, FRONT_END(node)) >= BLANK_CLOCKS,                                                \
		     DT_NODE_PATH(node) ": transit-min-us is less than the front end can blank");                      \
	BUILD_ASSERT(TIMEOUT_CODE(node) <= TIMEOUT_CODE_MAX,                                                           \
		     DT_NODE_PATH(node) ": transit-max-us is more than the front end listens");                        \
	BUILD_ASSERT(BURST_CLOCKS(FRONT_END(node)) <= MIN_CLOCKS(node, FRONT_END(node)),                               \
		     DT_NODE_PATH(FRONT_END(node)) ": transmit-pulses last longer than transit-min-us")

#define BYTE_H(value) (((value) >> 8) & 0xff)
#define BYTE_L(value) ((value) & 0xff)

#define FRONT_END_VALUES(node, chip)                                                                                   \
	{                                                                                                              \
		[CONFIG_0] = (TX_CODE(chip) << CONFIG_0_TX_FREQ_DIV) | DT_PROP(chip, transmit_pulses),                 \
		[CONFIG_1] = CONFIG_1_ONE_STOP,                                                                        \
		[CONFIG_2] = CONFIG_2_MODE_1,                                                                          \
		[CONFIG_3] = DT_ENUM_IDX(chip, echo_threshold_millivolt),                                              \
		[CONFIG_4] = CONFIG_4_SINGLE_ECHO,                                                                     \
		[TOF_1] = DT_ENUM_IDX(chip, gain_decibel) << TOF_1_PGA_GAIN,                                           \
		[ERROR_FLAGS] = ERROR_FLAGS_RESET,                                                                     \
		[TIMEOUT] = TIMEOUT_FORCE_SHORT_TOF | (BLANK_CODE(node) << TIMEOUT_BLANK_PERIOD) | TIMEOUT_CODE(node), \
	}

#define CONVERTER_VALUES(node, chip)                                                                                   \
	{                                                                                                              \
		[CONFIG1] = CONFIG1_PARITY_EN | CONFIG1_MEAS_MODE2,                                                    \
		[CONFIG2] = DT_ENUM_IDX(chip, calibration2_periods) << CONFIG2_CALIBRATION2_PERIODS,                   \
		[INT_STATUS] = INT_STATUS_CLEAR,                                                                       \
		[INT_MASK] = INT_MASK_USED,                                                                            \
		[COARSE_CNTR_OVF_H] = 0xff,                                                                            \
		[COARSE_CNTR_OVF_L] = 0xff,                                                                            \
		[CLOCK_CNTR_OVF_H] = BYTE_H(MAX_CLOCKS(node, chip)),                                                   \
		[CLOCK_CNTR_OVF_L] = BYTE_L(MAX_CLOCKS(node, chip)),                                                   \
		[CLOCK_CNTR_STOP_MASK_H] = BYTE_H(MIN_CLOCKS(node, chip)),                                             \
		[CLOCK_CNTR_STOP_MASK_L] = BYTE_L(MIN_CLOCKS(node, chip)),                                             \
	}

#endif /* LEVITAS_FLOW_METER_TDC_REGISTERS_H_ */
