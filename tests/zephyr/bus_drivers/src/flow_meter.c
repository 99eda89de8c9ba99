/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the ultrasonic flow meter against emulators of its two chips. */

#include <levitas/flow_meter.h>
#include <zephyr/drivers/adc/adc_emul.h>
#include <zephyr/drivers/emul.h>
#include <zephyr/ztest.h>

#include "tdc_emul.h"

static const struct device *const dev = DEVICE_DT_GET(DT_NODELABEL(flow_meter));
static const struct device *const bad = DEVICE_DT_GET(DT_NODELABEL(flow_meter_bad));
static const struct device *const detector = DEVICE_DT_GET(DT_NODELABEL(test_adc));

static struct levitas_flow_shot shots[LEVITAS_FLOW_SHOTS_MAX];
static bool detector_fails;

static struct tdc1000_emul *front_end(void)
{
	return EMUL_DT_GET(DT_NODELABEL(tdc1000))->data;
}

static struct tdc7200_emul *converter(void)
{
	return EMUL_DT_GET(DT_NODELABEL(tdc7200))->data;
}

static int detector_mv(const struct device *adc, unsigned int channel, void *data, uint32_t *result_mv)
{
	ARG_UNUSED(adc);
	ARG_UNUSED(channel);
	ARG_UNUSED(data);
	*result_mv = 1500;
	return detector_fails ? -EIO : 0;
}

/* Fetches after a while, as the circulation task does, with nothing left of the time before. */
static int fetch_after(int32_t wait_ms)
{
	(void)levitas_flow_meter_fetch(dev, shots);
	k_msleep(wait_ms);
	return levitas_flow_meter_fetch(dev, shots);
}

/* All faults end, and the meter is back. */
static void before(void *fixture)
{
	struct tdc7200_emul *chip = converter();

	ARG_UNUSED(fixture);
	front_end()->faults = (struct spi_emul_faults){0};
	front_end()->stuck_register = -1;
	chip->faults = (struct spi_emul_faults){0};
	chip->stuck_register = -1;
	chip->interrupt_silent = false;
	chip->interrupt_stuck = false;
	chip->bit_errors = 0;
	/* Channel 2 sends against the flow: about 5 L/min in blood. */
	chip->transit_s[0] = 8.5755e-6;
	chip->transit_s[1] = 8.5845e-6;
	chip->lsb_s = 55.0e-12;
	detector_fails = false;
	zassert_ok(adc_emul_const_value_set(detector, 0, 1500));
	k_msleep(250);
	zassert_true(fetch_after(10) > 0);
}

ZTEST(flow_meter, test_a_shot_each_millisecond)
{
	const int count = fetch_after(10);

	zassert_within(count, 10, 1);
	for (int i = 0; i < count; i++) {
		/* The converter's count is 55 ps, the result within half of it twice and the f32's 1 ps. */
		zassert_within(shots[i].transit_up_s, 8.5845e-6f, 60.0e-12f);
		zassert_within(shots[i].transit_down_s, 8.5755e-6f, 60.0e-12f);
		zassert_within(shots[i].amplitude, 1.0f, 0.001f);
	}
	zassert_equal(levitas_flow_meter_fetch(dev, shots), 0);
}

ZTEST(flow_meter, test_older_shots_are_lost)
{
	zassert_equal(fetch_after(50), LEVITAS_FLOW_SHOTS_MAX);
}

ZTEST(flow_meter, test_pairs_per_millisecond)
{
	uint32_t before_count[2];

	memcpy(before_count, converter()->shots, sizeof(before_count));
	k_msleep(100);
	zassert_within(converter()->shots[0] - before_count[0], 200, 4);
	zassert_within(converter()->shots[1] - before_count[1], 200, 4);
}

ZTEST(flow_meter, test_resolution_of_the_oscillator_cancels)
{
	converter()->lsb_s = 48.0e-12;
	zassert_true(fetch_after(10) > 0);
	zassert_within(shots[3].transit_up_s - shots[3].transit_down_s, 9.0e-9f, 100.0e-12f);
}

ZTEST(flow_meter, test_amplitude_is_that_of_the_detector)
{
	zassert_ok(adc_emul_const_value_set(detector, 0, 300));
	zassert_true(fetch_after(10) > 2);
	zassert_within(shots[2].amplitude, 0.2f, 0.001f);
}

ZTEST(flow_meter, test_no_echo_is_a_shot_of_zeros)
{
	const struct levitas_flow_shot none = {0};
	const uint32_t resets = front_end()->state_machine_resets;

	converter()->transit_s[1] = __builtin_nan("");
	zassert_true(fetch_after(10) > 2);
	zassert_mem_equal(&shots[2], &none, sizeof(none));
	zassert_true(front_end()->state_machine_resets > resets);
}

ZTEST(flow_meter, test_both_ends_of_the_window)
{
	const struct levitas_flow_shot none = {0};
	static const double outside_s[] = {5.9e-6, 20.2e-6};
	static const double inside_s[] = {6.1e-6, 19.8e-6};

	for (size_t i = 0; i < ARRAY_SIZE(outside_s); i++) {
		converter()->transit_s[0] = outside_s[i];
		zassert_true(fetch_after(10) > 2);
		zassert_mem_equal(&shots[2], &none, sizeof(none), "%zu", i);
		converter()->transit_s[0] = inside_s[i];
		zassert_true(fetch_after(10) > 2);
		zassert_within(shots[2].transit_down_s, (float)inside_s[i], 60.0e-12f, "%zu", i);
	}
}

ZTEST(flow_meter, test_one_wrong_bit_costs_one_shot)
{
	int count;

	(void)levitas_flow_meter_fetch(dev, shots);
	converter()->bit_errors = 1;
	k_msleep(8);
	count = levitas_flow_meter_fetch(dev, shots);
	zassert_within(count, 7, 1);
	zassert_equal(converter()->bit_errors, 0);
	for (int i = 0; i < count; i++) {
		zassert_within(shots[i].transit_up_s, 8.5845e-6f, 60.0e-12f);
	}
}

ZTEST(flow_meter, test_parity_is_always_wrong)
{
	converter()->bit_errors = UINT32_MAX;
	zassert_equal(fetch_after(10), -EIO);
}

ZTEST(flow_meter, test_calibration_is_not_believable)
{
	converter()->lsb_s = 500.0e-12;
	zassert_equal(fetch_after(10), -EIO);
}

ZTEST(flow_meter, test_silent_interrupt)
{
	converter()->interrupt_silent = true;
	zassert_equal(fetch_after(3), -ETIMEDOUT);
}

ZTEST(flow_meter, test_stuck_interrupt)
{
	converter()->interrupt_stuck = true;
	zassert_equal(fetch_after(2), -EBUSY);
	converter()->interrupt_stuck = false;
	gpio_emul_input_set(DEVICE_DT_GET(DT_NODELABEL(test_gpio)), DT_GPIO_PIN(DT_NODELABEL(tdc7200), int_gpios), 1);
}

ZTEST(flow_meter, test_bus_fails)
{
	front_end()->faults.bus_error = true;
	zassert_equal(fetch_after(10), -EIO);
}

ZTEST(flow_meter, test_detector_fails)
{
	detector_fails = true;
	zassert_ok(adc_emul_value_func_set(detector, 0, detector_mv, NULL));
	zassert_equal(fetch_after(10), -EIO);
}

ZTEST(flow_meter, test_a_chip_goes_missing_and_comes_back)
{
	converter()->faults.missing = true;
	k_msleep(50);
	zassert_equal(fetch_after(100), -EIO);
	converter()->faults.missing = false;
	k_msleep(250);
	zassert_true(fetch_after(10) > 0);
}

ZTEST(flow_meter, test_lost_configuration_is_written_anew)
{
	const uint32_t resets = front_end()->resets;

	/* The gain, of which no result tells. */
	front_end()->registers[5] = 0x00;
	k_msleep(40);
	zassert_equal(front_end()->resets, resets + 1);
	zassert_equal(front_end()->registers[5], 4 << 5);
	zassert_true(fetch_after(10) > 0);
}

ZTEST(flow_meter, test_configuration_as_the_device_tree_says)
{
	/* 1 MHz of 8: divide by 8 is code 2; 3 pulses. */
	zassert_equal(front_end()->registers[0], (2 << 5) | 3);
	/* 125 mV. */
	zassert_equal(front_end()->registers[3], 3);
	/* Forced short; blanked for 32 clocks, 4 us of 6; time-out 256 clocks, 32 us for 20. */
	zassert_equal(front_end()->registers[8], 0x40 | (2 << 3) | 1);
	zassert_equal(converter()->registers[1], 1 << 6);
	zassert_equal(converter()->registers[7], 160);
	zassert_equal(converter()->registers[9], 48);
}

ZTEST(flow_meter, test_detector_is_saturated)
{
	zassert_ok(adc_emul_const_value_set(detector, 0, 3300));
	zassert_equal(fetch_after(10), -EIO);
}

/* Longer than the driver waits between two tries. */
#define TRIED_MS 250

static int bad_after_a_try(void)
{
	k_msleep(TRIED_MS);
	return levitas_flow_meter_fetch(bad, shots);
}

/* The other meter is wrong at its start in one way after the other, until it is there. */
ZTEST(flow_meter_start, test_wrong_at_the_start_and_mended_later)
{
	struct tdc1000_emul *chip = EMUL_DT_GET(DT_NODELABEL(tdc1000_bad))->data;
	struct tdc7200_emul *other = EMUL_DT_GET(DT_NODELABEL(tdc7200_bad))->data;

	zassert_equal(levitas_flow_meter_fetch(bad, shots), -EIO, "not started");
	chip->faults.missing = true;
	zassert_ok(device_init(bad));
	zassert_true(device_is_ready(bad), "it may come");
	zassert_equal(levitas_flow_meter_fetch(bad, shots), -ENODEV);
	zassert_equal(bad_after_a_try(), -ENODEV);
	chip->faults.missing = false;

	other->faults.missing = true;
	zassert_equal(bad_after_a_try(), -ENODEV);
	other->faults.missing = false;

	chip->stuck_register = 5;
	zassert_equal(bad_after_a_try(), -EIO);
	chip->stuck_register = -1;
	other->stuck_register = 9;
	zassert_equal(bad_after_a_try(), -EIO);
	other->stuck_register = -1;

	other->faults.bus_error = true;
	zassert_equal(bad_after_a_try(), -EIO);
	other->faults.bus_error = false;

	zassert_true(bad_after_a_try() > 0, "it is there");
	other->faults.missing = true;
	zassert_equal(bad_after_a_try(), -EIO, "it has answered before");
	other->faults.missing = false;
	zassert_true(bad_after_a_try() > 0);
}

ZTEST_SUITE(flow_meter, NULL, NULL, before, NULL, NULL);
ZTEST_SUITE(flow_meter_start, NULL, NULL, NULL, NULL, NULL);
