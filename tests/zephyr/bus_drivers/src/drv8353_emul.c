/* SPDX-License-Identifier: Apache-2.0 */
/* DRV8353S (SLVSDY6): registers, lock, latched faults; asleep while ENABLE is low. */
#define DT_DRV_COMPAT ti_drv8353

#include "drv8353_emul.h"

#include <string.h>
#include <zephyr/drivers/emul.h>
#include <zephyr/sys/byteorder.h>

struct drv8353_pins {
	const struct device *port;
	gpio_pin_t enable;
};

struct drv8353_transfer {
	struct drv8353_emul *chip;
	const struct drv8353_pins *pins;
};

static void reset(struct drv8353_emul *chip)
{
	static const uint16_t values[DRV8353_REGISTERS] = {0, 0, 0x000, 0x3ff, 0x7ff, 0x159, 0x283, 0};

	memcpy(chip->registers, values, sizeof(values));
}

static void write(struct drv8353_emul *chip, uint8_t address, uint16_t value)
{
	const bool locked = (chip->registers[3] & 0x700) == 0x600;

	if (address == 2 && (value & 1) != 0) {
		chip->registers[0] = chip->lasting[0];
		chip->registers[1] = chip->lasting[1];
		value &= ~1;
	}
	if (locked) {
		/* Nothing but the unlock, and three bits of the driver control. */
		if (address == 3 && (value & 0x700) == 0x300) {
			chip->registers[3] = (chip->registers[3] & 0x0ff) | 0x300;
		} else if (address == 2) {
			chip->registers[2] = (chip->registers[2] & ~6) | (value & 6);
		}
	} else if (address > 1 && address < DRV8353_REGISTERS && address != chip->stuck_register) {
		chip->registers[address] = value;
	}
}

static void answer(void *transfer_pointer, const uint8_t *tx, uint8_t *rx, size_t length)
{
	const struct drv8353_transfer *transfer = transfer_pointer;
	const uint16_t frame = sys_get_be16(tx);
	const uint8_t address = (frame >> 11) & 0x0f;

	if (length != 2 || address >= DRV8353_REGISTERS ||
	    gpio_emul_output_get(transfer->pins->port, transfer->pins->enable) != 1) {
		return;
	}
	/* The five bits of a frame before the data are anything. */
	sys_put_be16(0xa800 | transfer->chip->registers[address], rx);
	if ((frame & 0x8000) == 0) {
		write(transfer->chip, address, frame & 0x7ff);
	}
}

static int io(const struct emul *target, const struct spi_config *config, const struct spi_buf_set *tx,
	      const struct spi_buf_set *rx)
{
	struct drv8353_emul *chip = target->data;
	struct drv8353_transfer transfer = {.chip = chip, .pins = target->cfg};

	return spi_emul_transfer(config, tx, rx, SPI_MODE_CPHA, 10000000, &chip->faults, answer, &transfer);
}

static void on_enable(const struct device *port, struct gpio_callback *callback, gpio_port_pins_t pins)
{
	if (gpio_emul_output_get(port, find_lsb_set(pins) - 1) == 0) {
		reset(CONTAINER_OF(callback, struct drv8353_emul, callback));
	}
}

static int emul_init(const struct emul *target, const struct device *bus)
{
	struct drv8353_emul *chip = target->data;
	const struct drv8353_pins *pins = target->cfg;

	ARG_UNUSED(bus);
	reset(chip);
	gpio_init_callback(&chip->callback, on_enable, BIT(pins->enable));
	return gpio_add_callback(pins->port, &chip->callback);
}

static const struct spi_emul_api emul_api = {.io = io};

#define DRV8353_DEFINE(inst)                                                                                           \
	static const struct drv8353_pins pins_##inst = {                                                               \
		.port = DEVICE_DT_GET(DT_GPIO_CTLR(DT_DRV_INST(inst), enable_gpios)),                                  \
		.enable = DT_INST_GPIO_PIN(inst, enable_gpios),                                                        \
	};                                                                                                             \
	static struct drv8353_emul chip_##inst = {.stuck_register = -1};                                               \
	EMUL_DT_INST_DEFINE(inst, emul_init, &chip_##inst, &pins_##inst, &emul_api, NULL)

DT_INST_FOREACH_STATUS_OKAY(DRV8353_DEFINE)
