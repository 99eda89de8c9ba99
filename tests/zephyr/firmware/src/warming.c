/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The warming device on Zephyr: what the shell takes, water that warms slowly, and a cut-out that opens although the
 * control is gone. Judged by the plant itself.
 *
 * The suite is the last one by its name: it leaves warm water behind.
 */

#include <string.h>
#include <zephyr/ztest.h>

#include "shell_text.h"
#include "shim.h"
#include "threads.h"

/* 500 W in a litre, a fifth more: what no control ever makes faster. */
#define FASTEST_K_PER_S     0.15f
#define WATER_CELSIUS_MAX   42.0f
#define BLOOD_CELSIUS_MAX   40.0f
/* Full power for so long, less than the cut-out needs, and then more than it needs. */
#define TOO_EARLY_S         10
#define TOO_LATE_S          60

/*
 * As at the start: once a pump has run the line is open, and blood that runs back through it when it stands takes more heat with it than
 * lets the water come to the limit of the cut-out.
 */
static void *setup(void)
{
	shell_text_setup();
	levitas_world_clamp_return_line();
	return NULL;
}

static struct levitas_warming_truth plant(void)
{
	struct levitas_warming_truth truth = {0};

	levitas_world_warming_truth(&truth);
	zassert_true(truth.water_celsius > 5.0f && truth.water_celsius < WATER_CELSIUS_MAX, "water %d mC",
		     (int)(1000.0f * truth.water_celsius));
	zassert_true(truth.blood_celsius > 5.0f && truth.blood_celsius < BLOOD_CELSIUS_MAX, "blood %d mC",
		     (int)(1000.0f * truth.blood_celsius));
	return truth;
}

static k_tid_t thread_of(uint32_t task)
{
	size_t count;
	const struct levitas_thread *threads = levitas_threads(&count);

	for (size_t i = 0; i < count; i++) {
		if (threads[i].task == task) {
			return threads[i].id;
		}
	}
	zassert_unreachable("no thread of task %u", task);
	return NULL;
}

/* An alarm stands; the name as it is shown, behind its bracket. */
static bool stands(const char *name)
{
	char text[LEVITAS_ALARM_BYTES];

	for (uint32_t i = 0; levitas_alarm_text(LEVITAS_UNIT_HOST, i, text, sizeof(text)); i++) {
		if (strstr(text, name) != NULL) {
			return true;
		}
	}
	return false;
}

/* First by its name: nothing has been asked for yet. */
ZTEST(warming, test_a_what_cannot_be_is_refused_and_changes_nothing)
{
	static const struct {
		const char *line;
		const char *says;
	} wrong[] = {
		{"levitas heater water 24.9", "water \"24.9\": allowed is 25 to 39 C"},
		{"levitas heater water 39.1", "water \"39.1\": allowed is 25 to 39 C"},
		{"levitas heater blood 31.9", "blood \"31.9\": allowed is 32 to 38 C"},
		{"levitas heater blood 38.1", "blood \"38.1\": allowed is 32 to 38 C"},
		{"levitas heater blood warm", "blood \"warm\": allowed is 32 to 38 C"},
		{"levitas heater blood nan", "blood \"nan\": allowed is 32 to 38 C"},
		{"levitas heater blood", "blood: give a number from 32 to 38 C"},
		{"levitas heater blood 37 0", "rate \"0\": allowed is 0.1 to 6 C/h"},
		{"levitas heater blood 37 6.1", "rate \"6.1\": allowed is 0.1 to 6 C/h"},
		{"levitas heater off 37", "off takes no temperature"},
		{"levitas heater air 37", "heater \"air\": allowed is water, blood, off"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		shell_text_expect(wrong[i].line, -EINVAL, wrong[i].says);
	}
	shell_text_expect("levitas heater", 0, "warming device: off\r");
	zassert_equal(plant().heater_w, 0.0f);
}

/* Waits until the shell shows a text; the seconds it took. */
static uint32_t wait_for(const char *text, uint32_t seconds_max)
{
	return shell_text_wait_for("levitas heater", text, 1000 * seconds_max) / 1000;
}

ZTEST(warming, test_b_water_comes_to_its_target_and_follows_a_new_one_slowly)
{
	struct levitas_warming_truth before;
	struct levitas_warming_truth after;
	uint32_t seconds;

	(void)wait_for("cut-out  closed", 5);
	before = plant();
	shell_text_expect("levitas heater water 36.9 6", 0, "water to 36.9 C at 6 C/h");
	seconds = wait_for("warming device: warming", 30);
	after = plant();
	TC_PRINT("water prepared in %u s, from %d to %d mC\n", seconds, (int)(1000.0f * before.water_celsius),
		 (int)(1000.0f * after.water_celsius));
	zassert_true(after.water_celsius > before.water_celsius + 0.1f, "nothing was heated");
	zassert_true(after.water_celsius - before.water_celsius < FASTEST_K_PER_S * (seconds + 1));
	/* Blood that stood comes to the water. */
	k_sleep(K_SECONDS(5));
	for (int i = 0; i < 3; i++) {
		before = plant();
		zassert_within(before.water_celsius, 36.9f, 0.2f, "%d mC", (int)(1000.0f * before.water_celsius));
		k_sleep(K_SECONDS(1));
	}
	/* 6 C/h are 8 mK in five seconds, and full power would make 400 mK. */
	shell_text_expect("levitas heater water 38.5 6", 0, "water to 38.5 C at 6 C/h");
	before = plant();
	k_sleep(K_SECONDS(5));
	after = plant();
	TC_PRINT("in five seconds of the ramp: water %d mK, heater %d W\n",
		 (int)(1000.0f * (after.water_celsius - before.water_celsius)), (int)after.heater_w);
	zassert_within(after.water_celsius - before.water_celsius, 0.008f, 0.080f);
	zassert_false(stands("(cut_out") || stands("(heater") || stands("(overheated") || stands("(temperature_sensor") ||
		      stands("(water_loop"));
	/* A target that is refused leaves the one that is followed. */
	shell_text_expect("levitas heater water 40", -EINVAL, "allowed is 25 to 39 C");
	shell_text_expect("levitas heater", 0, "warming; water to 38.5 C at 6 C/h");
}

ZTEST(warming, test_c_the_cut_out_opens_although_the_control_is_gone)
{
	const k_tid_t control = thread_of(LEVITAS_TASK_WARMING);
	struct levitas_warming_truth truth;
	int seconds = 0;

	(void)wait_for("cut-out  closed", 5);
	levitas_world_heater_stuck(true);
	k_thread_suspend(control);
	for (truth = plant(); truth.cut_out_closed; truth = plant()) {
		zassert_true(seconds < TOO_LATE_S, "%d s of full power", seconds);
		k_sleep(K_SECONDS(1));
		seconds++;
	}
	TC_PRINT("cut-out open after %d s of full power, water %d mC, blood %d mC\n", seconds,
		 (int)(1000.0f * truth.water_celsius), (int)(1000.0f * truth.blood_celsius));
	zassert_true(seconds > TOO_EARLY_S, "open after %d s", seconds);
	zassert_equal(truth.heater_w, 0.0f);
	zassert_true(stands("(warming_silent"));
	shell_text_expect("levitas heater", -ETIMEDOUT, "the control of the warming device does not run");
	shell_text_expect("levitas heater water 37", -ETIMEDOUT, "no answer");
	/* Its button does not close it in the heat; what the sheath has stored still comes. */
	shell_text_expect("levitas disturb button", 0, "pressed");
	k_sleep(K_SECONDS(1));
	truth = plant();
	zassert_false(truth.cut_out_closed, "closed in the heat");
	k_thread_resume(control);
	levitas_world_heater_stuck(false);
	/* The order that nobody answered is not carried out now. */
	(void)wait_for("warming device: off\r", 2);
	shell_text_expect("levitas heater", 0, "cut-out  OPEN");
	zassert_equal(plant().heater_w, 0.0f);
}

ZTEST_SUITE(warming, NULL, setup, NULL, NULL, NULL);
