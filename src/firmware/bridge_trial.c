/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For bring-up of a board: a duty on one bridge of a unit that does nothing else, bounded in size and time. docs/bring-up.md,
 * step 7.
 *
 * The trial stands in for the levitation task where that writes its outputs, so it needs what the task needs: the own line
 * alternates, or the latch shuts the gates. It ends by itself as soon as the task wants bridges or line, the other unit drives,
 * or a current is not what it may be. The supervisor has no part in it.
 */

#include <errno.h>
#include <levitas/coil_driver.h>
#include <levitas/motor_inverter.h>
#include <stdlib.h>
#include <string.h>
#include <zephyr/kernel.h>

#include "port.h"
#include "shell.h"

/* 4.8 V at a bus of 48 V: 4.8 A through 1 ohm. */
#define DUTY_MAX_PER_MILLE 100
#define MS_MAX             5000
#define PERIODS_PER_MS     20

/* What the controller allows, a coil and a phase. */
#define COIL_A_MAX  6.0f
#define PHASE_A_MAX 8.0f

/* For so long the trial looks before it does anything: a line that alternates has shown itself. */
#define LOOKS 20

#define COILS  ARRAY_SIZE(((struct levitas_coil_driver_command *)0)->duty)
#define PHASES ARRAY_SIZE(((struct levitas_motor_inverter_command *)0)->duty)

static const char *const bridges[] = {"coil_x", "coil_y", "phase_a", "phase_b", "phase_c"};
BUILD_ASSERT(ARRAY_SIZE(bridges) == COILS + PHASES);

enum verdict {
	RUNS,
	IS_OVER,
	TASK_DRIVES,
	HAS_HEAD,
	OTHER_DRIVES,
	LINE_PLUGGED,
	GATE_FAULT,
	NOT_MEASURED,
	TOO_MUCH,
};

static const char *const verdicts[] = {
	[RUNS] = "it runs",
	[IS_OVER] = "its time is over",
	[TASK_DRIVES] = "the unit itself drives its bridges",
	[HAS_HEAD] = "the unit has the head and says so on its line; it has none after it was switched off and on",
	[OTHER_DRIVES] = "the other unit drives: edges on its line, or its carrier in the windings",
	[LINE_PLUGGED] = "the cable of the lines is plugged in: the other unit would take the trial for a unit that drives",
	[GATE_FAULT] = "a gate driver is at fault",
	[NOT_MEASURED] = "a current is not measured, or out of range",
	[TOO_MUCH] = "a current is beyond 6 A of a coil, 8 A of a phase",
};

static struct {
	size_t bridge;
	float duty;
	uint32_t looks;
	uint32_t periods_left;
	/* Level of the line, the task's and the trial's. */
	bool task_line;
	bool line;
	volatile enum verdict verdict;
} trial;

static bool is_beyond(const float *current_a, size_t count, float current_a_max)
{
	for (size_t i = 0; i < count; i++) {
		if (!(current_a[i] >= -current_a_max && current_a[i] <= current_a_max)) {
			return true;
		}
	}
	return false;
}

static enum verdict look(const struct levitas_port_bridges *bridges_of)
{
	const struct levitas_coil_driver_command *coil = bridges_of->coil;
	struct levitas_coil_driver_sample coils;
	struct levitas_motor_inverter_sample phases;
	const bool alternates = trial.looks > 0 && coil->drive_line != trial.task_line;
	const bool measured = levitas_coil_driver_fetch(bridges_of->coil_driver, &coils) == 0 &&
			      levitas_motor_inverter_fetch(bridges_of->motor_inverter, &phases) == 0;

	trial.task_line = coil->drive_line;
	if (coil->gate || bridges_of->phase->gate) {
		return TASK_DRIVES;
	}
	if (alternates) {
		return HAS_HEAD;
	}
	if ((coils.pair & (LEVITAS_PAIR_LINE_EDGES | LEVITAS_PAIR_FOREIGN_RIPPLE)) != 0) {
		return OTHER_DRIVES;
	}
	if ((coils.pair & LEVITAS_PAIR_LINE_CURRENT) != 0) {
		return LINE_PLUGGED;
	}
	if ((coils.pair & LEVITAS_PAIR_GATE_FAULT) != 0) {
		return GATE_FAULT;
	}
	if (!measured) {
		return NOT_MEASURED;
	}
	if (is_beyond(coils.current_a, COILS, COIL_A_MAX) || is_beyond(phases.phase_current_a, PHASES, PHASE_A_MAX)) {
		return TOO_MUCH;
	}
	return trial.periods_left > 0 ? RUNS : IS_OVER;
}

/* Each period, in the levitation thread, with what the task wants; leaves it so once the trial has ended. */
static void step(uint32_t unit, const struct levitas_port_bridges *of)
{
	enum verdict verdict;

	if (unit != OPERATED_UNIT) {
		return;
	}
	verdict = look(of);
	if (verdict != RUNS) {
		trial.verdict = verdict;
		levitas_port_try(NULL);
		return;
	}
	if (trial.looks < LOOKS) {
		trial.looks++;
		return;
	}
	trial.periods_left--;
	trial.line = !trial.line;
	of->coil->drive_line = trial.line;
	/* A line that is not there opens no latch. */
	of->coil->latch_override = true;
	if (trial.bridge < COILS) {
		of->coil->gate = true;
		of->coil->duty[trial.bridge] = trial.duty;
		of->coil->duty[COILS - 1 - trial.bridge] = 0.0f;
	} else {
		memset(of->phase->duty, 0, sizeof(of->phase->duty));
		of->phase->gate = true;
		of->phase->duty[trial.bridge - COILS] = trial.duty;
	}
}

/* A whole number within its bounds, both of them allowed. */
static int number_of(const struct shell *sh, const char *what, const char *text, long least, long most, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || *value < least || *value > most) {
		shell_error(sh, "%s \"%s\": allowed is %ld to %ld", what, text, least, most);
		return -EINVAL;
	}
	return 0;
}

static int parse(const struct shell *sh, char **argv, size_t *bridge, long *per_mille, long *ms)
{
	*bridge = 0;
	while (*bridge < ARRAY_SIZE(bridges) && strcmp(argv[1], bridges[*bridge]) != 0) {
		(*bridge)++;
	}
	if (*bridge == ARRAY_SIZE(bridges)) {
		shell_error(sh, "bridge \"%s\": there are coil_x, coil_y, phase_a, phase_b, phase_c", argv[1]);
		return -EINVAL;
	}
	if (number_of(sh, "duty", argv[2], *bridge < COILS ? -DUTY_MAX_PER_MILLE : 0, DUTY_MAX_PER_MILLE, per_mille) != 0) {
		return -EINVAL;
	}
	return number_of(sh, "time", argv[3], 1, MS_MAX, ms);
}

int levitas_shell_bridge(const struct shell *sh, size_t argc, char **argv)
{
	size_t bridge;
	long per_mille;
	long ms;

	if (argc == 1) {
		shell_print(sh, "the last trial of a bridge: %s", verdicts[trial.verdict]);
		return 0;
	}
	if (argc != 4) {
		shell_error(sh, "give bridge, duty and time, for example: levitas bridge coil_x 100 3000");
		return -EINVAL;
	}
	if (parse(sh, argv, &bridge, &per_mille, &ms) != 0) {
		return -EINVAL;
	}
	if (levitas_shell_settled_state(OPERATED_UNIT) != LEVITAS_STATE_STANDBY) {
		shell_error(sh, "refused: the unit is not in standby");
		return -EPERM;
	}
	levitas_port_try(NULL);
	trial.bridge = bridge;
	trial.duty = 0.001f * (float)per_mille;
	trial.looks = 0;
	trial.periods_left = (uint32_t)ms * PERIODS_PER_MS;
	trial.verdict = RUNS;
	levitas_port_try(step);
	/* It has looked by then; a short one may be over. */
	k_msleep(2 * LOOKS / PERIODS_PER_MS);
	if (trial.verdict != RUNS && trial.verdict != IS_OVER) {
		shell_error(sh, "refused: %s", verdicts[trial.verdict]);
		return -EPERM;
	}
	shell_print(sh, "%s: %ld thousandths of the bus voltage for %ld ms; \"levitas bridge\" says how it has ended", bridges[bridge],
		    per_mille, ms);
	return 0;
}
