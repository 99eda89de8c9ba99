/* SPDX-License-Identifier: Apache-2.0 */
/* What the chip does with its registers, as far as the drivers wait for it, and what a test does to them. */
#ifndef LEVITAS_TEST_CHIP_H_
#define LEVITAS_TEST_CHIP_H_

#include <stdbool.h>
#include <stdint.h>

#include <stm32h7xx.h>
#include <zephyr/device.h>

#define CONVERTERS 3

/* Revision in DBGMCU_IDCODE. */
#define REVISION_V 0x20030000
#define REVISION_Y 0x10030000

struct chip {
	/* What does not work. */
	bool never_calibrated[CONVERTERS];
	bool never_ready[CONVERTERS];
	bool never_converted;
	/* At VREF+ [mV], as the internal reference shows it. */
	uint32_t reference_millivolt;

	/* What was seen. */
	uint32_t calibration[CONVERTERS];
	bool lost_enable[CONVERTERS];
	bool enabled[CONVERTERS];
	uint32_t clock_enabled[256];
	uint32_t pins;
	bool coils_off_before_pins;
	bool motor_off_before_pins;
};

extern struct chip chip;
extern ADC_TypeDef *const converter[CONVERTERS];

extern const struct device *const sampler;
extern const struct device *const hall_displacement;
extern const struct device *const hall_angle;
extern const struct device *const coil_driver;
extern const struct device *const motor_inverter;

/* Registers as after reset, everything works. */
void chip_reset(void);

/* Starts a device as if for the first time. */
int chip_start(const struct device *dev);

/* As after a reset of the chip with every device started and ready; no sample yet. */
void chip_start_all(void *fixture);

/* All groups have ended with these counts, in the sampler's order: the interrupt. */
void chip_sample(const uint16_t count[12]);

/* The same with all inputs at a voltage [mV] of 3300. */
void chip_sample_millivolt(uint32_t millivolt);

/* Only the interrupt. */
void chip_interrupt(void);

/* Was this pin given this alternate function? */
bool chip_pin_is(uint32_t pinmux, uint32_t pincfg);

#endif /* LEVITAS_TEST_CHIP_H_ */
