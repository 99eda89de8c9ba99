/* SPDX-License-Identifier: Apache-2.0 */
/* What the emulators of chips on SPI have in common. */
#ifndef LEVITAS_TEST_SPI_EMUL_H_
#define LEVITAS_TEST_SPI_EMUL_H_

#include <zephyr/drivers/gpio/gpio_emul.h>
#include <zephyr/drivers/spi.h>
#include <zephyr/drivers/spi_emul.h>

/* Longest transfer. */
#define SPI_EMUL_BYTES 48

/* Faults that any chip on a bus can have. */
struct spi_emul_faults {
	/* Nobody drives the line back to us: it is high. */
	bool missing;
	/* The controller of the bus fails. */
	bool bus_error;
};

typedef void (*spi_emul_answer_t)(void *chip, const uint8_t *tx, uint8_t *rx, size_t length);

static inline size_t spi_emul_length(const struct spi_buf_set *set)
{
	size_t length = 0;

	for (size_t i = 0; set != NULL && i < set->count; i++) {
		length += set->buffers[i].len;
	}
	return length;
}

/* One transfer: all bytes of it to the chip, and what it answers to where the driver wants it. */
static inline int spi_emul_transfer(const struct spi_config *config, const struct spi_buf_set *tx_set,
				    const struct spi_buf_set *rx_set, spi_operation_t mode, uint32_t hz_max,
				    const struct spi_emul_faults *faults, spi_emul_answer_t answer, void *chip)
{
	uint8_t tx[SPI_EMUL_BYTES] = {0};
	uint8_t rx[SPI_EMUL_BYTES];
	const size_t length = MAX(spi_emul_length(tx_set), spi_emul_length(rx_set));
	size_t at = 0;

	if (faults->bus_error || length > SPI_EMUL_BYTES) {
		return -EIO;
	}
	for (size_t i = 0; tx_set != NULL && i < tx_set->count; i++) {
		if (tx_set->buffers[i].buf != NULL) {
			memcpy(&tx[at], tx_set->buffers[i].buf, tx_set->buffers[i].len);
		}
		at += tx_set->buffers[i].len;
	}
	memset(rx, 0xff, sizeof(rx));
	/* A chip that is clocked otherwise than it must be understands nothing. */
	if (!faults->missing && (config->operation & (SPI_MODE_CPOL | SPI_MODE_CPHA)) == mode &&
	    config->frequency <= hz_max) {
		answer(chip, tx, rx, length);
	}
	at = 0;
	for (size_t i = 0; rx_set != NULL && i < rx_set->count; i++) {
		if (rx_set->buffers[i].buf != NULL) {
			memcpy(rx_set->buffers[i].buf, &rx[at], rx_set->buffers[i].len);
		}
		at += rx_set->buffers[i].len;
	}
	return 0;
}

#endif /* LEVITAS_TEST_SPI_EMUL_H_ */
