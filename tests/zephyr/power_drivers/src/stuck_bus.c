/* SPDX-License-Identifier: Apache-2.0 */
/* An ADS1115 that holds the data line of its bus until it is clocked free: Zephyr's emulated bus cannot be recovered. */

#include <zephyr/drivers/adc.h>
#include <zephyr/drivers/i2c.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/byteorder.h>
#include <zephyr/ztest.h>

/* Of 32768; the mean of many has five bits more. */
#define CODE      8000
#define OS        0x8000
/* Four errors with their pauses. */
#define FREE_MS   60
#define STALE_MS  DT_PROP(DT_NODELABEL(ads_stuck), stale_ms)

static const struct device *const ads = DEVICE_DT_GET(DT_NODELABEL(ads_stuck));

static struct {
	bool holds_data;
	/* By a short to ground, say. */
	bool for_good;
	uint32_t recoveries;
	uint8_t pointer;
	uint16_t config;
} chip;

static int transfer(const struct device *bus, struct i2c_msg *msgs, uint8_t count, uint16_t address)
{
	ARG_UNUSED(bus);
	ARG_UNUSED(address);
	if (chip.holds_data) {
		return -EIO;
	}
	for (uint8_t i = 0; i < count; i++) {
		if ((msgs[i].flags & I2C_MSG_READ) != 0) {
			sys_put_be16(chip.pointer == 0 ? CODE : chip.config | OS, msgs[i].buf);
		} else {
			chip.pointer = msgs[i].buf[0];
			chip.config = msgs[i].len == 3 ? sys_get_be16(&msgs[i].buf[1]) : chip.config;
		}
	}
	return 0;
}

static int recover(const struct device *bus)
{
	ARG_UNUSED(bus);
	chip.recoveries++;
	chip.holds_data &= chip.for_good;
	return chip.holds_data ? -EBUSY : 0;
}

static const struct i2c_driver_api bus_api = {.transfer = transfer, .recover_bus = recover};

DEVICE_DT_DEFINE(DT_NODELABEL(stuck_bus), NULL, NULL, NULL, NULL, POST_KERNEL, CONFIG_I2C_INIT_PRIORITY, &bus_api);

static int read_code(int32_t *code)
{
	const struct adc_sequence sequence = {
		.channels = BIT(0), .buffer = code, .buffer_size = sizeof(*code), .resolution = 20};

	return adc_read(ads, &sequence);
}

static void before(void *fixture)
{
	const struct adc_channel_cfg channel = {.gain = ADC_GAIN_1, .reference = ADC_REF_INTERNAL};
	int32_t code;

	ARG_UNUSED(fixture);
	chip.holds_data = false;
	chip.for_good = false;
	zassert_ok(adc_channel_setup(ads, &channel));
	k_msleep(STALE_MS);
	zassert_ok(read_code(&code));
	zassert_equal(code, CODE * 32);
	chip.recoveries = 0;
}

ZTEST(stuck_bus, test_a_bus_that_is_held_is_freed)
{
	int32_t code;

	chip.holds_data = true;
	k_msleep(FREE_MS + STALE_MS);
	zassert_equal(chip.recoveries, 1);
	zassert_ok(read_code(&code));
	zassert_equal(code, CODE * 32);
}

ZTEST(stuck_bus, test_one_that_cannot_be_freed_is_an_error_and_tried_again)
{
	int32_t code;

	chip.holds_data = true;
	chip.for_good = true;
	k_msleep(1000);
	zassert_equal(read_code(&code), -EIO);
	zassert_within(chip.recoveries, 1000 / 44, 3, "%u", chip.recoveries);
	chip.for_good = false;
	k_msleep(FREE_MS + STALE_MS);
	zassert_ok(read_code(&code));
}

/* A single bad transfer is none that holds the bus. */
ZTEST(stuck_bus, test_a_sound_bus_is_left_alone)
{
	chip.holds_data = true;
	k_msleep(25);
	chip.holds_data = false;
	k_msleep(1000);
	zassert_equal(chip.recoveries, 0);
}

ZTEST_SUITE(stuck_bus, NULL, NULL, before, NULL, NULL);
