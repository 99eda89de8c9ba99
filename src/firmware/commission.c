/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commissioning at the shell.
 *
 * The routine itself is stepped by the supervisor. A thread below the shell follows it, tells each stage, prints what
 * was found and writes the record: flash is erased and written at the lowest priority there is, and the shell stays
 * free for "levitas commission stop". It sleeps on a semaphore while nothing is commissioned.
 */

#include <errno.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/atomic.h>

#include "shell.h"

#define FOLLOW_STACK_BYTES 4224
#define FOLLOW_PRIORITY    K_PRIO_PREEMPT(11)
/* How often it looks, and for how long: a run takes 50 s and ends by itself within three minutes. */
#define FOLLOW_MS          50
#define FOLLOW_MS_MAX      180000

static K_SEM_DEFINE(begun, 0, 1);
/* enum levitas_work */
static atomic_t under_way;
/* The shell of the run that is followed, and whether the supervisor has accepted it. Read by the follower. */
static const struct shell *follower_shell;
static bool accepted;

static const char *text_of(atomic_val_t work)
{
	switch (work) {
	case LEVITAS_WORK_NONE:
		return "what was under way has just ended: try again";
	case LEVITAS_WORK_STORING:
		return "the calibration record is being written: wait until it is stored";
	case LEVITAS_WORK_FORMATTING:
		return "the storage is being formatted: wait a moment";
	case LEVITAS_WORK_KEY:
		return "the command key is being written: wait a moment";
	default:
		return "commissioning is under way: land stops it";
	}
}

const char *levitas_work_begin(enum levitas_work work)
{
	return atomic_cas(&under_way, LEVITAS_WORK_NONE, work) ? NULL : text_of(atomic_get(&under_way));
}

void levitas_work_go_on(enum levitas_work work)
{
	atomic_set(&under_way, work);
}

const char *levitas_work_text(void)
{
	const atomic_val_t work = atomic_get(&under_way);

	return work == LEVITAS_WORK_NONE ? NULL : text_of(work);
}

/*
 * Whether there is a run to follow. One that was withdrawn may have been taken just then, by a supervisor that was held
 * up with it: nobody knows before the supervisor speaks again, however long that takes.
 */
static bool begins(const struct shell *sh)
{
	if (accepted) {
		return true;
	}
	while (!levitas_shell_answered()) {
		k_sleep(K_MSEC(FOLLOW_MS));
	}
	if (levitas_shell_settled_state(OPERATED_UNIT) == LEVITAS_STATE_COMMISSIONING) {
		shell_warn(sh, "commissioning has begun all the same; \"levitas commission stop\" ends it");
		return true;
	}
	shell_print(sh, "commissioning: the supervisor is back and has not begun");
	return false;
}

/* Follows a run to its end, also when the supervisor is silent for a while: no run goes on unseen. */
static void follow(const struct shell *sh, struct levitas_commissioning *run)
{
	uint32_t stage = UINT32_MAX;

	for (uint32_t waited_ms = 0;; waited_ms += FOLLOW_MS) {
		if (levitas_commissioning_read(OPERATED_UNIT, run)) {
			if (run->stage != stage) {
				stage = run->stage;
				shell_print(sh, "commissioning: %s after %u s", run->stage_name, waited_ms / 1000);
			}
			if (run->outcome != LEVITAS_OUTCOME_RUNNING) {
				return;
			}
		}
		if (waited_ms == FOLLOW_MS_MAX) {
			shell_error(sh, "commissioning: no end in sight: the supervisor does not run; it is followed further");
		}
		k_sleep(K_MSEC(FOLLOW_MS));
	}
}

/* What came of a run, and the record of one that passed. */
static void conclude(const struct shell *sh, const struct levitas_commissioning *run)
{
	static char line[160];

	if (run->outcome != LEVITAS_OUTCOME_PASSED) {
		shell_error(sh, "commissioning: failed in %s; nothing was stored, what was in force stays so",
			    run->reason);
		return;
	}
	shell_print(sh, "  %-34s %10s %10s   %s", "value", "found", "", "plausible");
	for (uint32_t index = 0; index < LEVITAS_COMMISSIONING_VALUES; index++) {
		levitas_shell_value(sh, index, &run->values[index], NULL);
	}
	levitas_work_go_on(LEVITAS_WORK_STORING);
	if (levitas_calibration_store(OPERATED_UNIT, line, sizeof(line)) == 0) {
		if (IS_ENABLED(CONFIG_LEVITAS_RECORDS)) {
			levitas_record_storage(LEVITAS_STORAGE_CALIBRATED, OPERATED_UNIT);
		}
		shell_print(sh, "commissioning: passed, %s", line);
	} else {
		shell_error(sh, "commissioning: passed, %s", line);
	}
}

static void follower(void *unused_1, void *unused_2, void *unused_3)
{
	static struct levitas_commissioning run;

	ARG_UNUSED(unused_1);
	ARG_UNUSED(unused_2);
	ARG_UNUSED(unused_3);
	for (;;) {
		(void)k_sem_take(&begun, K_FOREVER);
		if (begins(follower_shell)) {
			follow(follower_shell, &run);
			conclude(follower_shell, &run);
		}
		levitas_work_go_on(LEVITAS_WORK_NONE);
	}
}

K_THREAD_DEFINE(levitas_commission, FOLLOW_STACK_BYTES, follower, NULL, NULL, NULL, FOLLOW_PRIORITY, K_FP_REGS, 0);

int levitas_shell_commission(const struct shell *sh, size_t argc, char **argv)
{
	const char *other = levitas_work_begin(LEVITAS_WORK_COMMISSIONING);
	int error;

	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	if (other != NULL) {
		shell_error(sh, "refused: %s", other);
		return -EBUSY;
	}
	error = levitas_shell_operate(sh, LEVITAS_COMMAND_COMMISSION, 0.0f);
	if (error != 0 && error != -ETIMEDOUT) {
		levitas_work_go_on(LEVITAS_WORK_NONE);
		return error;
	}
	accepted = error == 0;
	if (accepted) {
		shell_print(sh, "commissioning begins and takes 50 s; \"levitas commission stop\" ends it");
	}
	follower_shell = sh;
	k_sem_give(&begun);
	return error;
}

int levitas_shell_commission_stop(const struct shell *sh, size_t argc, char **argv)
{
	struct levitas_unit_status status;
	int error;

	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	levitas_status_read(OPERATED_UNIT, &status);
	if (status.state != LEVITAS_STATE_COMMISSIONING) {
		shell_error(sh, "refused: nothing is being commissioned");
		return -EPERM;
	}
	error = levitas_shell_operate(sh, LEVITAS_COMMAND_LAND, 0.0f);
	if (error == 0) {
		shell_print(sh, "stopping: the rotor is set down");
	}
	return error;
}
