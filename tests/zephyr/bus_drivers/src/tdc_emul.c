/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TDC1000 (SNAS648) and TDC7200 (SNAS647). Addresses and bits are written here anew, so that the driver's are checked against
 * a second reading of the data sheets.
 */
#include "tdc_emul.h"

#include <string.h>
#include <zephyr/drivers/emul.h>
#include <zephyr/kernel.h>

#define CLOCK_HZ 8.0e6

/* From START to the next edge of the clock [s]; any value below a period. */
#define START_PHASE_S 37.3e-9

struct tdc_emul_pins {
	const struct device *port;
	gpio_pin_t reset_or_enable;
	gpio_pin_t interrupt;
};

static void tdc1000_reset(struct tdc1000_emul *chip)
{
	static const uint8_t values[TDC1000_REGISTERS] = {0x45, 0x40, 0x00, 0x03, 0x1f, 0x00, 0x00, 0x00, 0x19, 0x00};

	memcpy(chip->registers, values, sizeof(values));
	chip->resets++;
}

static void tdc1000_answer(void *chip_pointer, const uint8_t *tx, uint8_t *rx, size_t length)
{
	struct tdc1000_emul *chip = chip_pointer;
	const uint8_t address = tx[0] & 0x3f;

	if (length != 2 || address >= TDC1000_REGISTERS) {
		return;
	}
	if ((tx[0] & 0x40) == 0) {
		rx[1] = chip->registers[address];
	} else if (address == 7) {
		chip->state_machine_resets += (tx[1] & 2) != 0;
	} else if (address != chip->stuck_register) {
		chip->registers[address] = tx[1];
	}
}

static int tdc1000_io(const struct emul *target, const struct spi_config *config, const struct spi_buf_set *tx,
		      const struct spi_buf_set *rx)
{
	struct tdc1000_emul *chip = target->data;

	return spi_emul_transfer(config, tx, rx, 0, 26000000, &chip->faults, tdc1000_answer, chip);
}

static void tdc1000_pin(const struct device *port, struct gpio_callback *callback, gpio_port_pins_t pins)
{
	struct tdc1000_emul *chip = CONTAINER_OF(callback, struct tdc1000_emul, callback);

	if (gpio_emul_output_get(port, find_lsb_set(pins) - 1) == 1) {
		tdc1000_reset(chip);
	}
}

static int tdc1000_init(const struct emul *target, const struct device *bus)
{
	struct tdc1000_emul *chip = target->data;
	const struct tdc_emul_pins *pins = target->cfg;

	ARG_UNUSED(bus);
	tdc1000_reset(chip);
	gpio_init_callback(&chip->callback, tdc1000_pin, BIT(pins->reset_or_enable));
	return gpio_add_callback(pins->port, &chip->callback);
}

static void tdc7200_reset(struct tdc7200_emul *chip)
{
	memset(chip->registers, 0, sizeof(chip->registers));
	chip->registers[1] = 0x40;
	chip->registers[3] = 0x07;
	for (int address = 4; address <= 7; address++) {
		chip->registers[address] = 0xff;
	}
}

static void tdc7200_interrupt(struct tdc7200_emul *chip, const struct tdc_emul_pins *pins, bool active)
{
	if (!chip->interrupt_silent && (active || !chip->interrupt_stuck)) {
		gpio_emul_input_set(pins->port, pins->interrupt, active ? 0 : 1);
	}
}

static uint32_t with_parity(const struct tdc7200_emul *chip, double value)
{
	const uint32_t bits = (uint32_t)(value + 0.5) & 0x7fffff;

	return (chip->registers[0] & 0x40) != 0 && __builtin_parity(bits) != 0 ? bits | 0x800000 : bits;
}

/* One measurement in mode 2 with one stop. */
static void tdc7200_measure(struct tdc7200_emul *chip, const struct tdc_emul_pins *pins)
{
	static const uint8_t periods[] = {2, 10, 20, 40};
	const struct tdc1000_emul *front_end = chip->front_end;
	const uint8_t channel = (front_end->registers[2] >> 2) & 1;
	const double stop_mask_s = (chip->registers[8] << 8 | chip->registers[9]) / CLOCK_HZ;
	const double overflow_s = (chip->registers[6] << 8 | chip->registers[7]) / CLOCK_HZ;
	const double transit_s = chip->transit_s[channel];
	double clocks;

	chip->registers[2] = 0;
	/* Measurement mode 2; front end: transit time in mode 1, channel by its register, forced short time of flight. */
	if ((chip->registers[0] & 6) != 2 || (front_end->registers[2] & ~4) != 1 ||
	    (front_end->registers[8] & 0x40) == 0 || front_end->faults.missing) {
		return;
	}
	chip->shots[channel]++;
	if (!(transit_s >= stop_mask_s && transit_s <= overflow_s)) {
		chip->registers[2] = 0x18 | 0x04;
	} else {
		/* The edge after STOP. */
		clocks = (double)(int32_t)((transit_s - START_PHASE_S) * CLOCK_HZ) + 1.0;
		chip->registers[0x10] = with_parity(chip, START_PHASE_S / chip->lsb_s);
		chip->registers[0x11] = with_parity(chip, clocks);
		chip->registers[0x12] =
			with_parity(chip, (clocks / CLOCK_HZ - (transit_s - START_PHASE_S)) / chip->lsb_s);
		chip->registers[0x1b] = with_parity(chip, 1.0 / CLOCK_HZ / chip->lsb_s);
		chip->registers[0x1c] =
			with_parity(chip, periods[chip->registers[1] >> 6] / CLOCK_HZ / chip->lsb_s);
		chip->registers[2] = 0x18 | 0x01;
	}
	if ((chip->registers[2] & chip->registers[3]) != 0) {
		tdc7200_interrupt(chip, pins, true);
	}
}

static void tdc7200_write(struct tdc7200_emul *chip, const struct tdc_emul_pins *pins, uint8_t address, uint8_t value)
{
	if (address == 2) {
		chip->registers[2] &= ~value;
		if (chip->registers[2] == 0) {
			tdc7200_interrupt(chip, pins, false);
		}
	} else if (address <= 9 && address != chip->stuck_register) {
		chip->registers[address] = value;
	}
	if (address == 0 && (chip->registers[0] & 1) != 0) {
		chip->registers[0] &= ~1;
		tdc7200_measure(chip, pins);
	}
}

static void tdc7200_read(struct tdc7200_emul *chip, uint8_t address, bool goes_on, uint8_t *rx, size_t length)
{
	size_t at = 1;

	while (at < length && address < TDC7200_REGISTERS) {
		const uint32_t value = chip->registers[address];

		if (address < 0x10) {
			rx[at++] = value;
		} else {
			for (int shift = 16; shift >= 0 && at < length; shift -= 8) {
				rx[at++] = value >> shift;
			}
		}
		address += goes_on ? 1 : 0;
	}
	if (length > 3 && chip->bit_errors > 0) {
		chip->bit_errors--;
		rx[2] ^= 0x10;
	}
}

struct tdc7200_transfer {
	struct tdc7200_emul *chip;
	const struct tdc_emul_pins *pins;
};

static void tdc7200_answer(void *transfer_pointer, const uint8_t *tx, uint8_t *rx, size_t length)
{
	const struct tdc7200_transfer *transfer = transfer_pointer;
	const uint8_t address = tx[0] & 0x3f;

	if (gpio_emul_output_get(transfer->pins->port, transfer->pins->reset_or_enable) != 1) {
		return;
	}
	if ((tx[0] & 0x40) == 0) {
		tdc7200_read(transfer->chip, address, (tx[0] & 0x80) != 0, rx, length);
	} else if (length == 2) {
		tdc7200_write(transfer->chip, transfer->pins, address, tx[1]);
	}
}

static int tdc7200_io(const struct emul *target, const struct spi_config *config, const struct spi_buf_set *tx,
		      const struct spi_buf_set *rx)
{
	struct tdc7200_emul *chip = target->data;
	struct tdc7200_transfer transfer = {.chip = chip, .pins = target->cfg};

	return spi_emul_transfer(config, tx, rx, 0, 20000000, &chip->faults, tdc7200_answer, &transfer);
}

static void tdc7200_pin(const struct device *port, struct gpio_callback *callback, gpio_port_pins_t pins)
{
	struct tdc7200_emul *chip = CONTAINER_OF(callback, struct tdc7200_emul, callback);

	if (gpio_emul_output_get(port, find_lsb_set(pins) - 1) == 0) {
		tdc7200_reset(chip);
	}
}

static int tdc7200_init(const struct emul *target, const struct device *bus)
{
	struct tdc7200_emul *chip = target->data;
	const struct tdc_emul_pins *pins = target->cfg;

	ARG_UNUSED(bus);
	tdc7200_reset(chip);
	gpio_init_callback(&chip->callback, tdc7200_pin, BIT(pins->reset_or_enable));
	return gpio_add_callback(pins->port, &chip->callback);
}

static const struct spi_emul_api tdc1000_api = {.io = tdc1000_io};
static const struct spi_emul_api tdc7200_api = {.io = tdc7200_io};

/* The chips have no devices of their own: the flow meter is their driver. */
#define TDC1000_DEFINE(node)                                                                                           \
	DEVICE_DT_DEFINE(node, NULL, NULL, NULL, NULL, POST_KERNEL, CONFIG_KERNEL_INIT_PRIORITY_DEVICE, NULL);         \
	static const struct tdc_emul_pins _CONCAT(node, _pins) = {                                                     \
		.port = DEVICE_DT_GET(DT_GPIO_CTLR(node, reset_gpios)),                                                \
		.reset_or_enable = DT_GPIO_PIN(node, reset_gpios),                                                     \
	};                                                                                                             \
	static struct tdc1000_emul _CONCAT(node, _chip) = {.stuck_register = -1};                                      \
	EMUL_DT_DEFINE(node, tdc1000_init, &_CONCAT(node, _chip), &_CONCAT(node, _pins),                               \
		       &tdc1000_api, NULL)

#define TDC7200_DEFINE(node, front_end_node)                                                                           \
	DEVICE_DT_DEFINE(node, NULL, NULL, NULL, NULL, POST_KERNEL, CONFIG_KERNEL_INIT_PRIORITY_DEVICE, NULL);         \
	static const struct tdc_emul_pins _CONCAT(node, _pins) = {                                                     \
		.port = DEVICE_DT_GET(DT_GPIO_CTLR(node, enable_gpios)),                                               \
		.reset_or_enable = DT_GPIO_PIN(node, enable_gpios),                                                    \
		.interrupt = DT_GPIO_PIN(node, int_gpios),                                                             \
	};                                                                                                             \
	static struct tdc7200_emul _CONCAT(node, _chip) = {                                                            \
		.front_end = &_CONCAT(front_end_node, _chip),                                                          \
		.stuck_register = -1,                                                                                  \
		.transit_s = {8.58e-6, 8.58e-6},                                                                       \
		.lsb_s = 55.0e-12,                                                                                     \
	};                                                                                                             \
	EMUL_DT_DEFINE(node, tdc7200_init, &_CONCAT(node, _chip), &_CONCAT(node, _pins),                               \
		       &tdc7200_api, NULL)

TDC1000_DEFINE(DT_NODELABEL(tdc1000))
TDC7200_DEFINE(DT_NODELABEL(tdc7200), DT_NODELABEL(tdc1000))
TDC1000_DEFINE(DT_NODELABEL(tdc1000_bad))
TDC7200_DEFINE(DT_NODELABEL(tdc7200_bad), DT_NODELABEL(tdc1000_bad))
