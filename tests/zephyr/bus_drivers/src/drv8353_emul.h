/* SPDX-License-Identifier: Apache-2.0 */
/* Emulator of a DRV8353S. */
#ifndef LEVITAS_TEST_DRV8353_EMUL_H_
#define LEVITAS_TEST_DRV8353_EMUL_H_

#include "spi_emul.h"

#define DRV8353_REGISTERS 8

struct drv8353_emul {
	struct spi_emul_faults faults;
	uint16_t registers[DRV8353_REGISTERS];
	/* Faults that last: they come back when they are cleared. */
	uint16_t lasting[2];
	/* Address of a register that does not take what is written to it; negative: none. */
	int stuck_register;
	struct gpio_callback callback;
};

#endif /* LEVITAS_TEST_DRV8353_EMUL_H_ */
