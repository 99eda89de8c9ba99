/* SPDX-License-Identifier: Apache-2.0 */
/* An alarm from the condition to buzzer and light: a rotor that is held without a backup, medium priority; and an alarm task that is silent, high. */

#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/gpio/gpio_emul.h>
#include <zephyr/task_wdt/task_wdt.h>
#include <zephyr/ztest.h>

#include "shell_text.h"
#include "shim.h"
#include "test_pwm.h"
#include "threads.h"

#define RED_PIN    4
#define YELLOW_PIN 5
#define STEP_MS    10

/* What is seen and heard over a time. */
struct seen {
	uint32_t lit_ms;
	uint32_t flashes;
	uint32_t heard_ms;
	uint32_t pulses;
	bool red;
};

/* The light of that pin. */
static struct seen look_for(uint32_t time_ms, gpio_pin_t pin)
{
	const struct device *const gpio = DEVICE_DT_GET(DT_NODELABEL(gpio0));
	struct seen seen = {0};
	bool was_lit = true;
	bool was_heard = true;

	for (uint32_t ms = 0; ms < time_ms; ms += STEP_MS) {
		const bool lit = gpio_emul_output_get(gpio, pin) != 0;
		const bool heard = pwm.pulse_cycles > 0;

		seen.lit_ms += lit ? STEP_MS : 0;
		seen.flashes += lit && !was_lit;
		seen.heard_ms += heard ? STEP_MS : 0;
		seen.pulses += heard && !was_heard;
		seen.red |= gpio_emul_output_get(gpio, RED_PIN) != 0;
		was_lit = lit;
		was_heard = heard;
		k_sleep(K_MSEC(STEP_MS));
	}
	return seen;
}

ZTEST(alarm_signal, test_no_backup_is_heard_and_lit_and_acknowledged)
{
	struct seen seen;

	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_HOST)) {
		ztest_test_skip();
	}
	shell_text_expect("levitas lift", 0, "lifting off");
	(void)shell_text_wait_for("levitas status", "host: operating, bearing levitated", 500);
	k_sleep(K_SECONDS(2));
	seen = look_for(15000, YELLOW_PIN);
	/* IEC 60601-1-8, medium priority: yellow, 0.4 to 0.8 Hz, lit for 20 to 60 %; three pulses every 2.5 to 30 s. */
	zassert_between_inclusive(seen.flashes, 6, 12, "%u flashes", seen.flashes);
	zassert_between_inclusive(seen.lit_ms, 3000, 9000, "lit for %u ms", seen.lit_ms);
	zassert_between_inclusive(seen.pulses, 3, 18, "%u pulses", seen.pulses);
	zassert_false(seen.red, "no alarm of high priority stands");
	zassert_not_equal(levitas_alarm_order(LEVITAS_UNIT_HOST, 1), 0);
	k_sleep(K_MSEC(50));
	/* Longer than from burst to burst, which is 7 s. */
	seen = look_for(10000, YELLOW_PIN);
	zassert_equal(seen.heard_ms, 0, "heard although it is acknowledged");
	zassert_true(seen.flashes >= 4, "%u flashes", seen.flashes);
	shell_text_land();
}

static struct levitas_thread *alarm_row(void)
{
	size_t count;
	struct levitas_thread *threads = levitas_threads(&count);

	for (size_t i = 0; i < count; i++) {
		if (threads[i].task == LEVITAS_TASK_ALARM) {
			return &threads[i];
		}
	}
	zassert_unreachable("no alarm task");
	return NULL;
}

ZTEST(alarm_signal, test_silence_of_the_alarm_task_is_heard_and_lit_until_it_speaks_again)
{
	const struct levitas_thread *alarm = alarm_row();
	struct seen seen;

	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_HOST)) {
		ztest_test_skip();
	}
	seen = look_for(500, RED_PIN);
	zassert_equal(seen.lit_ms, 0, "lit before");
#if defined(CONFIG_LEVITAS_WATCHDOG)
	/* Or it would be stopped for good. */
	zassert_ok(task_wdt_delete(alarm->watchdog));
#endif
	k_thread_suspend(alarm->id);
	k_sleep(K_MSEC(300));
	seen = look_for(14000, RED_PIN);
	/* IEC 60601-1-8, high priority: red, 1.4 to 2.8 Hz, lit for 20 to 60 %; ten pulses every 2.5 to 15 s. */
	zassert_between_inclusive(seen.flashes, 20, 39, "%u flashes", seen.flashes);
	zassert_between_inclusive(seen.lit_ms, 2800, 8400, "lit for %u ms", seen.lit_ms);
	zassert_between_inclusive(seen.pulses, 18, 50, "%u pulses", seen.pulses);
	k_thread_resume(alarm->id);
	k_sleep(K_MSEC(100));
	seen = look_for(8000, RED_PIN);
	zassert_equal(seen.lit_ms, 0, "lit for %u ms", seen.lit_ms);
}

static void *setup(void)
{
	shell_text_setup();
	return NULL;
}

ZTEST_SUITE(alarm_signal, NULL, setup, NULL, NULL, NULL);
