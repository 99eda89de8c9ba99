/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the ADS1115 against one at an emulated bus. */

#include <zephyr/drivers/adc.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include "ads1115_emul.h"

/* Of a full scale of 2^20. */
#define FULL      BIT(20)
#define SETTLE_MS 100
#define STALE_MS  DT_PROP(DT_NODELABEL(ads), stale_ms)

static const struct device *const ads = DEVICE_DT_GET(DT_NODELABEL(ads));
static const struct device *const missing = DEVICE_DT_GET(DT_NODELABEL(ads_missing));
static const enum adc_gain gains[] = {ADC_GAIN_1, ADC_GAIN_1_2, ADC_GAIN_2, ADC_GAIN_8};
static const uint32_t full_mv[] = {2048, 4096, 1024, 256};

static struct adc_channel_cfg setting(uint8_t input, enum adc_gain gain)
{
	return (struct adc_channel_cfg){.channel_id = input, .gain = gain, .reference = ADC_REF_INTERNAL};
}

static int read_code(const struct device *dev, uint8_t input, int32_t *code)
{
	struct adc_sequence sequence = {
		.channels = BIT(input), .buffer = code, .buffer_size = sizeof(*code), .resolution = 20};

	return adc_read(dev, &sequence);
}

static void before(void *fixture)
{
	int32_t code;

	ARG_UNUSED(fixture);
	ads1115_emul = (struct ads1115_emul){.input_uv = {500000, 1500000, 300000, 100000}};
	for (size_t i = 0; i < ARRAY_SIZE(gains); i++) {
		const struct adc_channel_cfg channel = setting(i, gains[i]);

		zassert_ok(adc_channel_setup(ads, &channel));
	}
	/* Whatever the test before has left. */
	k_msleep(SETTLE_MS + STALE_MS);
	for (size_t i = 0; i < ARRAY_SIZE(gains); i++) {
		(void)read_code(ads, i, &code);
	}
	k_msleep(SETTLE_MS);
}

ZTEST(ads1115, test_each_input_has_its_own_value_and_gain)
{
	for (size_t i = 0; i < ARRAY_SIZE(gains); i++) {
		int32_t code;

		zassert_ok(read_code(ads, i, &code));
		/* Conversions are cut to 15 bits. */
		zassert_within((int64_t)code * full_mv[i] * 1000 / FULL, ads1115_emul.input_uv[i],
			       full_mv[i] * 1000 / 32768 + 1, "input %zu: %d", i, code);
	}
}

ZTEST(ads1115, test_a_value_below_ground_is_negative)
{
	int32_t code;

	ads1115_emul.input_uv[0] = -10000;
	k_msleep(SETTLE_MS);
	zassert_ok(read_code(ads, 0, &code));
	k_msleep(SETTLE_MS);
	zassert_ok(read_code(ads, 0, &code));
	zassert_equal(code, -160 * 32);
}

ZTEST(ads1115, test_a_mean_of_many_is_finer_than_one)
{
	int32_t code;

	/* 8000 and 8001 of 32768. */
	ads1115_emul.ripple_uv = 63;
	k_msleep(SETTLE_MS);
	zassert_ok(read_code(ads, 0, &code));
	k_msleep(SETTLE_MS);
	zassert_ok(read_code(ads, 0, &code));
	zassert_within(code, 8000 * 32 + 16, 2, "%d", code);
}

ZTEST(ads1115, test_each_input_is_converted_a_hundred_times_a_second)
{
	uint32_t begun[4];

	memcpy(begun, ads1115_emul.begun, sizeof(begun));
	k_msleep(1000);
	for (size_t i = 0; i < ARRAY_SIZE(begun); i++) {
		zassert_true(ads1115_emul.begun[i] - begun[i] >= 100, "%u", ads1115_emul.begun[i] - begun[i]);
	}
}

ZTEST(ads1115, test_a_reader_never_waits_and_gets_the_last_value_until_it_is_stale)
{
	int32_t first;
	int32_t code;
	int64_t begin_ticks;

	zassert_ok(read_code(ads, 1, &first));
	/* As a bus whose clock is held low: each transfer takes half a second to fail. */
	ads1115_emul.hangs_ms = 500;
	begin_ticks = k_uptime_ticks();
	zassert_ok(read_code(ads, 1, &code));
	zassert_equal(code, first, "nothing new");
	k_msleep(STALE_MS - 15);
	zassert_ok(read_code(ads, 1, &code));
	k_msleep(30);
	zassert_equal(read_code(ads, 1, &code), -EAGAIN, "no transfer has failed yet");
	zassert_within(k_uptime_ticks() - begin_ticks, k_ms_to_ticks_ceil64(STALE_MS + 15), 3, "nobody waits");
	k_msleep(5000);
	zassert_equal(read_code(ads, 1, &code), -EIO);
	ads1115_emul.hangs_ms = 0;
	k_msleep(3000);
	zassert_ok(read_code(ads, 1, &code), "it comes back");
}

ZTEST(ads1115, test_what_is_at_the_end_of_its_range_once_is_there_in_the_mean)
{
	int32_t code;

	ads1115_emul.input_uv[0] = 2047000;
	ads1115_emul.ripple_uv = 2000;
	k_msleep(SETTLE_MS);
	zassert_ok(read_code(ads, 0, &code));
	zassert_equal(code, FULL - 1);
	ads1115_emul.ripple_uv = 0;
	k_msleep(SETTLE_MS);
	(void)read_code(ads, 0, &code);
	k_msleep(SETTLE_MS);
	zassert_ok(read_code(ads, 0, &code));
	zassert_true(code < FULL - 1, "it comes back");
}

ZTEST(ads1115, test_errors_are_named)
{
	int32_t code;

	ads1115_emul.is_busy = true;
	k_msleep(SETTLE_MS);
	zassert_equal(read_code(ads, 0, &code), -EBUSY);
	ads1115_emul.is_busy = false;
	ads1115_emul.is_reset = true;
	k_msleep(SETTLE_MS);
	zassert_equal(read_code(ads, 0, &code), -EIO, "another configuration than it was given");
	ads1115_emul.is_reset = false;
	ads1115_emul.is_missing = true;
	k_msleep(SETTLE_MS);
	zassert_equal(read_code(ads, 0, &code), -EIO, "it has answered before");
	ads1115_emul.is_missing = false;
	k_msleep(SETTLE_MS);
	zassert_ok(read_code(ads, 0, &code));
}

ZTEST(ads1115, test_a_device_that_is_missing)
{
	const struct adc_channel_cfg channel = setting(3, ADC_GAIN_1);
	int32_t code;

	zassert_true(device_is_ready(missing), "it may come");
	zassert_equal(read_code(missing, 3, &code), -ENOTSUP, "nobody has set it up");
	zassert_ok(adc_channel_setup(missing, &channel));
	zassert_equal(read_code(missing, 3, &code), -EAGAIN, "not tried yet");
	k_msleep(SETTLE_MS);
	zassert_equal(read_code(missing, 3, &code), -ENODEV);
}

ZTEST(ads1115, test_what_it_cannot_do_is_refused)
{
	struct adc_channel_cfg channel = setting(4, ADC_GAIN_1);
	int32_t code[2];
	struct adc_sequence sequence = {
		.channels = BIT(0), .buffer = code, .buffer_size = sizeof(int16_t), .resolution = 20};

	zassert_equal(adc_channel_setup(ads, &channel), -ENOTSUP);
	channel = setting(0, ADC_GAIN_3);
	zassert_equal(adc_channel_setup(ads, &channel), -ENOTSUP);
	channel = setting(0, ADC_GAIN_1);
	channel.reference = ADC_REF_VDD_1;
	zassert_equal(adc_channel_setup(ads, &channel), -ENOTSUP);
	channel = setting(0, ADC_GAIN_1);
	channel.differential = true;
	zassert_equal(adc_channel_setup(ads, &channel), -ENOTSUP);

	zassert_equal(adc_read(ads, &sequence), -ENOMEM);
	sequence.buffer_size = sizeof(code);
	sequence.channels = 0;
	zassert_equal(adc_read(ads, &sequence), -ENOTSUP);
	sequence.channels = BIT(0) | BIT(1);
	zassert_equal(adc_read(ads, &sequence), -ENOTSUP);
	sequence.channels = BIT(0);
	sequence.resolution = 16;
	zassert_equal(adc_read(ads, &sequence), -ENOTSUP);
}

ZTEST_SUITE(ads1115, NULL, NULL, before, NULL, NULL);
