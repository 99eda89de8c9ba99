/* SPDX-License-Identifier: Apache-2.0 */
/* Driver of the cut-out's relay and button. */

#include <levitas/cut_out.h>
#include <zephyr/drivers/gpio/gpio_emul.h>
#include <zephyr/ztest.h>

#include "pins.h"

#define PERMIT_PIN 20
#define BUTTON_PIN 4

static const struct device *const cut_out = DEVICE_DT_GET(DT_NODELABEL(cut_out));
static const struct device *const gpio = DEVICE_DT_GET(DT_NODELABEL(gpio0));

/* Whether it is believed to be pressed; the button is active low. */
static bool reads(bool down)
{
	bool pressed;

	pins_input(BUTTON_PIN, !down);
	zassert_ok(levitas_cut_out_button(cut_out, &pressed));
	return pressed;
}

static void before(void *fixture)
{
	ARG_UNUSED(fixture);
	pins_fail(0);
	zassert_true(device_is_ready(cut_out));
	(void)reads(false);
	zassert_false(reads(false));
}

ZTEST(cut_out, test_permit_is_inactive_at_first_and_then_as_told)
{
	zassert_equal(gpio_emul_output_get(gpio, PERMIT_PIN), 1, "active low");
	zassert_ok(levitas_cut_out_permit(cut_out, true));
	zassert_equal(gpio_emul_output_get(gpio, PERMIT_PIN), 0);
	zassert_ok(levitas_cut_out_permit(cut_out, false));
	zassert_equal(gpio_emul_output_get(gpio, PERMIT_PIN), 1);
}

ZTEST(cut_out, test_a_button_counts_when_it_is_seen_twice)
{
	zassert_false(reads(true));
	zassert_true(reads(true));
	zassert_true(reads(false), "it bounces");
	zassert_true(reads(true));
	zassert_true(reads(false));
	zassert_false(reads(false));
	zassert_false(reads(true), "it bounces");
	zassert_false(reads(false));
}

ZTEST(cut_out, test_a_button_that_cannot_be_read_is_to_be_seen_twice_again)
{
	bool pressed;

	(void)reads(true);
	zassert_true(reads(true));
	pins_fail(-EBUSY);
	zassert_equal(levitas_cut_out_button(cut_out, &pressed), -EIO);
	pins_fail(0);
	zassert_false(reads(true));
	zassert_true(reads(true));
}

ZTEST_SUITE(cut_out, NULL, NULL, before, NULL, NULL);
