/* SPDX-License-Identifier: Apache-2.0 */
/* ADS1292R (SBAS502): registers, commands, and frames at the rate that CONFIG1 says. */
#define DT_DRV_COMPAT ti_ads1292r

#include "ads1292r_emul.h"

#include <string.h>
#include <zephyr/drivers/emul.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/byteorder.h>

/* Four clocks of 512 kHz for a byte of a command. */
#define COMMAND_HZ_MAX 1024000

struct ads1292r_pins {
	const struct device *port;
	gpio_pin_t reset;
	gpio_pin_t data_ready;
};

static void reset(struct ads1292r_emul *chip)
{
	static const uint8_t values[ADS1292R_REGISTERS] = {0,    0x02, 0x80, 0x10, 0x00, 0x00,
							   0x00, 0x00, 0x00, 0x00, 0x02, 0x0c};

	memcpy(chip->registers, values, sizeof(values));
	chip->registers[0] = chip->id;
	chip->continuous = true;
	chip->running = false;
	chip->resets++;
}

/* A pulse of data-ready for each sample. */
static void on_timer(struct k_timer *timer)
{
	struct ads1292r_emul *chip = CONTAINER_OF(timer, struct ads1292r_emul, timer);
	const struct ads1292r_pins *pins = chip->target->cfg;

	/* 1 kSPS is what the timer does. */
	if (chip->running && !chip->silent && chip->registers[1] == 0x03) {
		chip->code[0] += chip->step;
		chip->code[1] += chip->step;
		gpio_emul_input_set(pins->port, pins->data_ready, 1);
		gpio_emul_input_set(pins->port, pins->data_ready, 0);
	}
}

static void frame(const struct ads1292r_emul *chip, uint8_t *rx)
{
	/* Comparators are powered, and the electrode's input is sensed. */
	const uint8_t sensed = (chip->registers[2] & 0x40) != 0 ? chip->registers[7] : 0;
	const uint32_t off = chip->electrodes_off & sensed;

	sys_put_be24((chip->mark_lost ? 0x000000 : 0xc00000) | off << 15, &rx[0]);
	for (int channel = 0; channel < 2; channel++) {
		const bool powered = (chip->registers[4 + channel] & 0x80) == 0;

		sys_put_be24(powered ? chip->code[channel] & 0xffffff : 0, &rx[3 + 3 * channel]);
	}
}

static void answer(void *chip_pointer, const uint8_t *tx, uint8_t *rx, size_t length)
{
	struct ads1292r_emul *chip = chip_pointer;
	const uint8_t address = tx[0] & 0x1f;

	if (chip->continuous && length == 9 && tx[0] == 0) {
		frame(chip, rx);
	} else if (tx[0] == 0x11) {
		chip->continuous = false;
	} else if (tx[0] == 0x10) {
		chip->continuous = true;
	} else if (tx[0] == 0x08) {
		chip->running = true;
	} else if (!chip->continuous && (tx[0] & 0xe0) == 0x20 && length == 3 && address < ADS1292R_REGISTERS) {
		rx[2] = chip->registers[address];
	} else if (!chip->continuous && (tx[0] & 0xe0) == 0x40 && length == 3 && address < ADS1292R_REGISTERS &&
		   address != chip->stuck_register) {
		chip->registers[address] = tx[2];
	}
}

static int io(const struct emul *target, const struct spi_config *config, const struct spi_buf_set *tx,
	      const struct spi_buf_set *rx)
{
	struct ads1292r_emul *chip = target->data;
	/* Only frames may be faster than commands. */
	const uint32_t hz_max = tx == NULL ? 20000000 : COMMAND_HZ_MAX;

	return spi_emul_transfer(config, tx, rx, SPI_MODE_CPHA, hz_max, &chip->faults, answer, chip);
}

static void on_reset(const struct device *port, struct gpio_callback *callback, gpio_port_pins_t pins)
{
	struct ads1292r_emul *chip = CONTAINER_OF(callback, struct ads1292r_emul, callback);

	if (gpio_emul_output_get(port, find_lsb_set(pins) - 1) == 0) {
		reset(chip);
	}
}

static int emul_init(const struct emul *target, const struct device *bus)
{
	struct ads1292r_emul *chip = target->data;
	const struct ads1292r_pins *pins = target->cfg;

	ARG_UNUSED(bus);
	chip->target = target;
	reset(chip);
	k_timer_init(&chip->timer, on_timer, NULL);
	k_timer_start(&chip->timer, K_MSEC(1), K_MSEC(1));
	gpio_init_callback(&chip->callback, on_reset, BIT(pins->reset));
	return gpio_add_callback(pins->port, &chip->callback);
}

static const struct spi_emul_api emul_api = {.io = io};

#define ADS1292R_DEFINE(inst)                                                                                          \
	static const struct ads1292r_pins pins_##inst = {                                                              \
		.port = DEVICE_DT_GET(DT_GPIO_CTLR(DT_DRV_INST(inst), drdy_gpios)),                                    \
		.reset = DT_INST_GPIO_PIN(inst, reset_gpios),                                                          \
		.data_ready = DT_INST_GPIO_PIN(inst, drdy_gpios),                                                      \
	};                                                                                                             \
	static struct ads1292r_emul chip_##inst = {.id = 0x73, .stuck_register = -1};                                  \
	EMUL_DT_INST_DEFINE(inst, emul_init, &chip_##inst, &pins_##inst, &emul_api, NULL)

DT_INST_FOREACH_STATUS_OKAY(ADS1292R_DEFINE)
