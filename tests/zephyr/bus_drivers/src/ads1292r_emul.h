/* SPDX-License-Identifier: Apache-2.0 */
/* Emulator of an ADS1292R. */
#ifndef LEVITAS_TEST_ADS1292R_EMUL_H_
#define LEVITAS_TEST_ADS1292R_EMUL_H_

#include "spi_emul.h"

#define ADS1292R_REGISTERS 12

struct ads1292r_emul {
	const struct emul *target;
	struct spi_emul_faults faults;
	uint8_t registers[ADS1292R_REGISTERS];
	/* Factory-programmed identification. */
	uint8_t id;
	/* Address of a register that does not take what is written to it; negative: none. */
	int stuck_register;
	bool continuous;
	bool running;
	/* LOFF_STAT of the electrodes: right leg, 2N, 2P, 1N, 1P. */
	uint8_t electrodes_off;
	/* Codes of both channels; the one that is used counts up by STEP with each sample. */
	int32_t code[2];
	int32_t step;
	/* Data-ready does not move. */
	bool silent;
	/* The mark of the status is wrong. */
	bool mark_lost;
	uint32_t resets;
	struct k_timer timer;
	struct gpio_callback callback;
};

#endif /* LEVITAS_TEST_ADS1292R_EMUL_H_ */
