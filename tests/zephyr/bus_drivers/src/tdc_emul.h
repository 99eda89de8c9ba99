/* SPDX-License-Identifier: Apache-2.0 */
/* Emulators of TDC1000 and TDC7200 and of the fluid between their transducers. */
#ifndef LEVITAS_TEST_TDC_EMUL_H_
#define LEVITAS_TEST_TDC_EMUL_H_

#include "spi_emul.h"

#define TDC1000_REGISTERS 10
#define TDC7200_REGISTERS 0x1d

struct tdc1000_emul {
	struct spi_emul_faults faults;
	uint8_t registers[TDC1000_REGISTERS];
	/* Address of a register that does not take what is written to it; negative: none. */
	int stuck_register;
	/* Resets since start. */
	uint32_t resets;
	uint32_t state_machine_resets;
	struct gpio_callback callback;
};

struct tdc7200_emul {
	struct spi_emul_faults faults;
	struct tdc1000_emul *front_end;
	uint32_t registers[TDC7200_REGISTERS];
	int stuck_register;
	/* Transit time by channel of the front end [s]; NaN: no echo. */
	double transit_s[2];
	/* Resolution of the ring oscillator [s]. */
	double lsb_s;
	/* Shots by channel. */
	uint32_t shots[2];
	/* The interrupt line does not move, or does not leave its active level. */
	bool interrupt_silent;
	bool interrupt_stuck;
	/* So many of the next transfers of results have a wrong bit. */
	uint32_t bit_errors;
	struct gpio_callback callback;
};

#endif /* LEVITAS_TEST_TDC_EMUL_H_ */
