/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the ECG amplifier against an emulator of its chip. */

#include <levitas/ecg.h>
#include <zephyr/drivers/emul.h>
#include <zephyr/ztest.h>

#include "ads1292r_emul.h"

static const struct device *const dev = DEVICE_DT_GET(DT_NODELABEL(ecg));
static const struct device *const bad = DEVICE_DT_GET(DT_NODELABEL(ecg_bad));

/* 2.42 V / 12 / (2^23 - 1) [mV]. */
#define MV_PER_CODE (2420.0f / 12.0f / 8388607.0f)

static float ecg_mv[LEVITAS_ECG_BATCH];

static struct ads1292r_emul *chip(void)
{
	return EMUL_DT_GET(DT_NODELABEL(ecg))->data;
}

/* Fetches every ten milliseconds until nothing is left of the time before. */
static int fetch_after(int32_t wait_ms)
{
	int error = -EAGAIN;

	for (int32_t waited_ms = 0; waited_ms < wait_ms; waited_ms += 10) {
		k_msleep(10);
		error = levitas_ecg_fetch(dev, ecg_mv);
	}
	return error;
}

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	chip()->faults = (struct spi_emul_faults){0};
	chip()->electrodes_off = 0;
	chip()->code[0] = 0;
	chip()->code[1] = 0;
	chip()->step = 1000;
	chip()->silent = false;
	chip()->mark_lost = false;
	k_msleep(150);
	zassert_ok(fetch_after(50));
}

ZTEST(ecg, test_ten_samples_in_millivolt_without_a_gap)
{
	float last_mv;

	zassert_ok(fetch_after(10));
	for (int batch = 0; batch < 20; batch++) {
		last_mv = ecg_mv[LEVITAS_ECG_BATCH - 1];
		zassert_ok(fetch_after(10), "batch %d", batch);
		for (int i = 0; i < LEVITAS_ECG_BATCH; i++) {
			zassert_within(ecg_mv[i] - last_mv, 1000.0f * MV_PER_CODE, 1.0e-5f, "batch %d, %d", batch, i);
			last_mv = ecg_mv[i];
		}
	}
}

ZTEST(ecg, test_level_and_sign)
{
	chip()->step = 0;
	chip()->code[0] = 5000000;
	/* 1.5 mV below zero. */
	chip()->code[1] = (int32_t)(-1.5f / MV_PER_CODE);
	zassert_ok(fetch_after(50));
	zassert_within(ecg_mv[9], -1.5f, 1.0e-4f);
}

ZTEST(ecg, test_a_batch_is_fetched_once)
{
	int count = 0;

	/* What is ready now, then nothing. */
	while (levitas_ecg_fetch(dev, ecg_mv) == 0 && count < 3) {
		count++;
	}
	zassert_true(count < 3);
	zassert_equal(levitas_ecg_fetch(dev, ecg_mv), -EAGAIN);
}

ZTEST(ecg, test_samples_that_nobody_fetches_are_lost)
{
	k_msleep(500);
	zassert_ok(levitas_ecg_fetch(dev, ecg_mv));
	/* The first ten of the latest fifteen; the sample of this very tick may be on its way. */
	zassert_within(ecg_mv[9], (float)(chip()->code[1] - 5 * 1000) * MV_PER_CODE, 1100.0f * MV_PER_CODE);
}

ZTEST(ecg, test_each_electrode)
{
	/* 2P and 2N are those of the channel. */
	chip()->electrodes_off = BIT(2);
	zassert_equal(fetch_after(50), -EIO);
	chip()->electrodes_off = BIT(3);
	zassert_equal(fetch_after(50), -EIO);
	/* Those of the other channel are nobody's. */
	chip()->electrodes_off = BIT(0) | BIT(1);
	zassert_ok(fetch_after(50));
}

ZTEST(ecg, test_frame_without_its_mark)
{
	chip()->mark_lost = true;
	zassert_equal(fetch_after(50), -EIO);
}

ZTEST(ecg, test_saturated_both_ways)
{
	chip()->step = 0;
	chip()->code[1] = 0x7fffff;
	zassert_equal(fetch_after(50), -ERANGE);
	chip()->code[1] = -0x800000;
	zassert_equal(fetch_after(50), -ERANGE);
	chip()->code[1] = -0x7fffff;
	zassert_ok(fetch_after(50));
}

ZTEST(ecg, test_data_ready_stays_away)
{
	const uint32_t resets = chip()->resets;

	chip()->silent = true;
	zassert_equal(fetch_after(50), -ETIMEDOUT);
	/* The chip is set up anew, and again. */
	k_msleep(250);
	zassert_true(chip()->resets >= resets + 2);
	chip()->silent = false;
	zassert_ok(fetch_after(200));
}

ZTEST(ecg, test_missing_while_running)
{
	/* All ones have no mark. */
	chip()->faults.missing = true;
	zassert_equal(fetch_after(50), -EIO);
}

ZTEST(ecg, test_bus_fails)
{
	chip()->faults.bus_error = true;
	zassert_equal(fetch_after(50), -EIO);
}

ZTEST(ecg, test_chip_that_was_reset_by_itself_is_set_up_anew)
{
	chip()->registers[1] = 0x02;
	chip()->running = false;
	zassert_equal(fetch_after(50), -ETIMEDOUT);
	zassert_ok(fetch_after(200));
	zassert_equal(chip()->registers[1], 0x03);
}

ZTEST(ecg, test_configuration_as_the_device_tree_says)
{
	/* Reference buffer and lead-off comparators on, 2.42 V. */
	zassert_equal(chip()->registers[2], 0xe0);
	/* Channel 1 off and shorted, channel 2 with gain 12. */
	zassert_equal(chip()->registers[4], 0x81);
	zassert_equal(chip()->registers[5], 0x60);
	zassert_equal(chip()->registers[6], 0x2c);
	zassert_equal(chip()->registers[7], 0x0c);
}

/* Longer than the driver waits between two tries. */
#define TRIED_MS 250

static int bad_after_a_try(void)
{
	k_msleep(TRIED_MS);
	return levitas_ecg_fetch(bad, ecg_mv);
}

/* The other amplifier is wrong at its start in one way after the other, until it is there. */
ZTEST(ecg_start, test_wrong_at_the_start_and_mended_later)
{
	struct ads1292r_emul *chip = EMUL_DT_GET(DT_NODELABEL(ecg_bad))->data;

	zassert_equal(levitas_ecg_fetch(bad, ecg_mv), -EIO, "not started");
	chip->faults.missing = true;
	zassert_ok(device_init(bad));
	zassert_true(device_is_ready(bad), "it may come");
	zassert_equal(levitas_ecg_fetch(bad, ecg_mv), -ENODEV);
	zassert_equal(bad_after_a_try(), -ENODEV);
	chip->faults.missing = false;

	/* ADS1292, without respiration. */
	chip->id = 0x53;
	zassert_equal(bad_after_a_try(), -ENODEV);
	chip->id = 0x73;

	chip->stuck_register = 7;
	zassert_equal(bad_after_a_try(), -EIO);
	chip->stuck_register = -1;

	chip->faults.bus_error = true;
	zassert_equal(bad_after_a_try(), -EIO);
	chip->faults.bus_error = false;

	zassert_ok(bad_after_a_try(), "it is there");
}

ZTEST_SUITE(ecg, NULL, NULL, before, NULL, NULL);
ZTEST_SUITE(ecg_start, NULL, NULL, NULL, NULL, NULL);
