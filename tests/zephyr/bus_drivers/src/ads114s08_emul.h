/* SPDX-License-Identifier: Apache-2.0 */
/* Emulator of an ADS114S08 as Zephyr's driver uses it. */
#ifndef LEVITAS_TEST_ADS114S08_EMUL_H_
#define LEVITAS_TEST_ADS114S08_EMUL_H_

#include "spi_emul.h"

#define ADS114S08_REGISTERS 18

struct ads114s08_emul {
	const struct emul *target;
	struct spi_emul_faults faults;
	uint8_t registers[ADS114S08_REGISTERS];
	/* Input as a fraction of the reference. */
	double input;
	/* Data-ready does not move. */
	bool busy;
	uint16_t result;
	struct k_timer timer;
};

/* As its supply does it. */
void ads114s08_emul_reset(struct ads114s08_emul *chip);

#endif /* LEVITAS_TEST_ADS114S08_EMUL_H_ */
