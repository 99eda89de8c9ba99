/* SPDX-License-Identifier: Apache-2.0 */
#define DT_DRV_COMPAT levitas_ads1115

#include "ads1115_emul.h"

#include <zephyr/drivers/emul.h>
#include <zephyr/drivers/i2c.h>
#include <zephyr/drivers/i2c_emul.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/byteorder.h>

#define CONFIG_AFTER_RESET 0x8583
#define OS                 0x8000

struct ads1115_emul ads1115_emul;

static uint16_t config = CONFIG_AFTER_RESET;
static int16_t conversion;
static uint8_t pointer;
static int64_t done_ticks;

static void begin(uint16_t value)
{
	/* Tables of the config register: full scale, data rate. */
	static const int32_t full_uv[] = {6144000, 4096000, 2048000, 1024000, 512000, 256000, 256000, 256000};
	static const uint32_t per_second[] = {8, 16, 32, 64, 128, 250, 475, 860};
	const uint32_t mux = (value >> 12) & 7;
	const uint32_t input = mux - 4;
	int64_t uv;

	config = value;
	if ((value & OS) == 0 || mux < 4) {
		return;
	}
	uv = ads1115_emul.input_uv[input] + (ads1115_emul.begun[input] % 2 != 0 ? ads1115_emul.ripple_uv : 0);
	ads1115_emul.begun[input]++;
	conversion = CLAMP(uv * 32768 / full_uv[(value >> 9) & 7], INT16_MIN, INT16_MAX);
	/* Its oscillator is 10 % slow. */
	done_ticks = k_uptime_ticks() + k_us_to_ticks_ceil64(1100000 / per_second[(value >> 5) & 7]);
	if (ads1115_emul.is_reset) {
		config = CONFIG_AFTER_RESET;
		conversion = 0;
	}
}

static uint16_t value_of(uint8_t number)
{
	if (number == 0) {
		return conversion;
	}
	return ads1115_emul.is_busy || k_uptime_ticks() < done_ticks ? config & ~OS : config | OS;
}

static int transfer(const struct emul *target, struct i2c_msg *msgs, int count, int address)
{
	ARG_UNUSED(target);
	ARG_UNUSED(address);
	if (ads1115_emul.hangs_ms > 0) {
		k_msleep(ads1115_emul.hangs_ms);
		return -EIO;
	}
	if (ads1115_emul.is_missing) {
		return -EIO;
	}
	for (int i = 0; i < count; i++) {
		if ((msgs[i].flags & I2C_MSG_READ) != 0) {
			if (msgs[i].len != 2) {
				return -EIO;
			}
			sys_put_be16(value_of(pointer), msgs[i].buf);
		} else {
			pointer = msgs[i].buf[0];
			if (msgs[i].len == 3 && pointer == 1) {
				begin(sys_get_be16(&msgs[i].buf[1]));
			}
		}
	}
	return 0;
}

static int init(const struct emul *target, const struct device *parent)
{
	ARG_UNUSED(target);
	ARG_UNUSED(parent);
	return 0;
}

static const struct i2c_emul_api api = {.transfer = transfer};

EMUL_DT_DEFINE(DT_NODELABEL(ads), init, NULL, NULL, &api, NULL);
