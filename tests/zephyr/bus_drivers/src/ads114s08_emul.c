/* SPDX-License-Identifier: Apache-2.0 */
/* ADS114S08 (SBAS815): registers, single conversions of the time that the data rate gives, data-ready. */
#define DT_DRV_COMPAT ti_ads114s08

#include "ads114s08_emul.h"

#include <string.h>
#include <zephyr/drivers/emul.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/byteorder.h>

#define REG_INPMUX   0x02
#define REG_PGA      0x03
#define REG_DATARATE 0x04

struct ads114s08_pins {
	const struct device *port;
	gpio_pin_t data_ready;
};

void ads114s08_emul_reset(struct ads114s08_emul *chip)
{
	/* Status: the flag of a power-up reset. */
	static const uint8_t values[ADS114S08_REGISTERS] = {0x04, 0x80, 0x01, 0x00, 0x14, 0x10, 0x00, 0xff, 0x00, 0x10};

	memcpy(chip->registers, values, sizeof(values));
	k_timer_stop(&chip->timer);
}

static double sample(const struct ads114s08_emul *chip)
{
	const uint8_t pga = chip->registers[REG_PGA];
	const int gain = (pga & 0x18) != 0 ? 1 << (pga & 7) : 1;
	/* The bridge is between inputs 0 and 1. */
	const double input = chip->registers[REG_INPMUX] == 0x01 ? chip->input : 0.0;

	return CLAMP(input * gain * 32768.0, -32768.0, 32767.0);
}

static void on_timer(struct k_timer *timer)
{
	struct ads114s08_emul *chip = CONTAINER_OF(timer, struct ads114s08_emul, timer);
	const struct ads114s08_pins *pins = chip->target->cfg;

	chip->result = (uint16_t)(int16_t)sample(chip);
	if (!chip->busy) {
		gpio_emul_input_set(pins->port, pins->data_ready, 0);
	}
}

static void start(struct ads114s08_emul *chip)
{
	static const uint32_t sps_tenths[] = {25,   50,   100,  166,  200,   500,   600,
					      1000, 2000, 4000, 8000, 10000, 20000, 40000};
	const struct ads114s08_pins *pins = chip->target->cfg;
	const uint8_t rate = MIN(chip->registers[REG_DATARATE] & 0x0f, ARRAY_SIZE(sps_tenths) - 1);

	gpio_emul_input_set(pins->port, pins->data_ready, 1);
	k_timer_start(&chip->timer, K_USEC(10000000 / sps_tenths[rate]), K_NO_WAIT);
}

static void answer(void *chip_pointer, const uint8_t *tx, uint8_t *rx, size_t length)
{
	struct ads114s08_emul *chip = chip_pointer;
	const uint8_t address = tx[0] & 0x1f;

	if (tx[0] == 0x06) {
		ads114s08_emul_reset(chip);
	} else if (tx[0] == 0x08) {
		start(chip);
	} else if (tx[0] == 0x12 && length == 3) {
		sys_put_be16(chip->result, &rx[1]);
	} else if ((tx[0] & 0xe0) == 0x20 && length == 3 && address < ADS114S08_REGISTERS) {
		rx[2] = chip->registers[address];
	} else if ((tx[0] & 0xe0) == 0x40) {
		for (size_t i = 2; i < length && address + i - 2 < ADS114S08_REGISTERS; i++) {
			chip->registers[address + i - 2] = tx[i];
		}
	}
}

static int io(const struct emul *target, const struct spi_config *config, const struct spi_buf_set *tx,
	      const struct spi_buf_set *rx)
{
	struct ads114s08_emul *chip = target->data;

	return spi_emul_transfer(config, tx, rx, SPI_MODE_CPHA, 10000000, &chip->faults, answer, chip);
}

static int emul_init(const struct emul *target, const struct device *bus)
{
	struct ads114s08_emul *chip = target->data;

	ARG_UNUSED(bus);
	chip->target = target;
	k_timer_init(&chip->timer, on_timer, NULL);
	ads114s08_emul_reset(chip);
	return 0;
}

static const struct spi_emul_api emul_api = {.io = io};

#define ADS114S08_DEFINE(inst)                                                                                         \
	static const struct ads114s08_pins pins_##inst = {                                                             \
		.port = DEVICE_DT_GET(DT_GPIO_CTLR(DT_DRV_INST(inst), drdy_gpios)),                                    \
		.data_ready = DT_INST_GPIO_PIN(inst, drdy_gpios),                                                      \
	};                                                                                                             \
	static struct ads114s08_emul chip_##inst;                                                                      \
	EMUL_DT_INST_DEFINE(inst, emul_init, &chip_##inst, &pins_##inst, &emul_api, NULL)

DT_INST_FOREACH_STATUS_OKAY(ADS114S08_DEFINE)
