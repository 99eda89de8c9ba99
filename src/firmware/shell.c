/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shell of field service: what the unit does, and the operator's commands.
 *
 * A command is posted to the supervisor and answered when the supervisor has looked at it; the shell never
 * decides what is allowed. Its thread is the least important one: nothing here can hold the drive.
 */

#include <errno.h>
#include <stdlib.h>
#include <zephyr/kernel.h>
#include <zephyr/shell/shell.h>

#include "crash.h"
#include "decimal.h"
#include "port.h"
#include "shell.h"
#include "shim.h"
#include "threads.h"

/* The supervisor runs every 10 ms; ten times that means it does not run. */
#define ANSWER_MS_MAX 100

/* Held from the post of a command to its answer: the mailbox holds one, and each shell has a thread of its own. */
static K_MUTEX_DEFINE(operating);
/* Number of the last command that was posted. */
static uint32_t posted_number;

static const char *const unit_names[] = {"host", "emergency drive"};
static const char *const state_names[] = {"standby", "lifting off", "operating", "landing", "service",
					  "commissioning"};
static const char *const bearing_names[] = {"off", "lift-off", "levitated", "landing", "touchdown", "service"};

static const char *name_of(const char *const names[], size_t count, uint32_t code)
{
	return code < count ? names[code] : "unknown";
}

static void print_therapy(const struct shell *sh, const struct levitas_unit_status *status)
{
	const struct decimal target_lpm = decimal(status->flow_target_lpm, 100);
	char text[LEVITAS_THERAPY_BYTES];

	levitas_mode_name(status->mode, text, sizeof(text));
	/* Not a number is not equal to itself. */
	if (status->flow_target_lpm == status->flow_target_lpm) {
		shell_print(sh, "  mode          %s, follows %s%u.%02u L/min", text, DECIMAL(target_lpm));
	} else {
		shell_print(sh, "  mode          %s", text);
	}
	for (uint32_t i = 0; levitas_condition_text(status->conditions, i, text, sizeof(text)); i++) {
		shell_print(sh, "  CIRCULATION   %s", text);
	}
}

static void print_crash(const struct shell *sh)
{
#if defined(CONFIG_LEVITAS_WATCHDOG)
	char text[LEVITAS_CRASH_TEXT_BYTES];

	if (levitas_crash_text(text, sizeof(text))) {
		shell_print(sh, "  crash         %s", text);
	}
#else
	ARG_UNUSED(sh);
#endif
}

#if defined(CONFIG_LEVITAS_POWER)
static void print_power(const struct shell *sh, uint32_t unit)
{
	static const char *const labels[] = {"power", "power, other"};
	const bool is_alive = levitas_shell_power_is_alive(unit);
	char text[LEVITAS_POWER_BYTES];

	for (uint32_t line = 0; line < ARRAY_SIZE(labels) && levitas_power_text(unit, line, is_alive, text, sizeof(text)); line++) {
		shell_print(sh, "  %-13s %s", labels[line], text);
	}
}
#define PRINT_POWER(sh, unit) print_power(sh, unit)
#else
#define PRINT_POWER(sh, unit)
#endif

static void print_unit(const struct shell *sh, uint32_t unit)
{
	struct levitas_unit_status status;
	char fault_names[LEVITAS_FAULT_NAMES_BYTES];
	char start[LEVITAS_START_BYTES];
	struct decimal x_um, y_um, i_x_a, i_y_a, torque_a, bus_v, flow_lpm;

	levitas_status_read(unit, &status);
	x_um = decimal(status.displacement_m[0] * 1.0e6f, 10);
	y_um = decimal(status.displacement_m[1] * 1.0e6f, 10);
	i_x_a = decimal(status.coil_current_a[0], 1000);
	i_y_a = decimal(status.coil_current_a[1], 1000);
	torque_a = decimal(status.torque_current_a, 1000);
	bus_v = decimal(status.bus_voltage_v, 10);
	flow_lpm = decimal(status.flow_lpm, 100);

	shell_print(sh, "%s: %s, bearing %s", unit_names[unit],
		    name_of(state_names, ARRAY_SIZE(state_names), status.state),
		    name_of(bearing_names, ARRAY_SIZE(bearing_names), status.bearing_state));
	shell_print(sh, "  displacement  x %s%u.%u um  y %s%u.%u um", DECIMAL(x_um), DECIMAL(y_um));
	shell_print(sh, "  coil current  x %s%u.%03u A  y %s%u.%03u A", DECIMAL(i_x_a), DECIMAL(i_y_a));
	shell_print(sh, "  speed         %d rpm, set-point %d rpm", (int)status.speed_rpm,
		    (int)status.speed_setpoint_rpm);
	shell_print(sh, "  motor         %s%u.%03u A torque current, bus %s%u.%u V", DECIMAL(torque_a), DECIMAL(bus_v));
	if (status.flow_valid) {
		shell_print(sh, "  flow          %s%u.%02u L/min", DECIMAL(flow_lpm));
	} else {
		shell_print(sh, "  flow          unknown");
	}
	if (status.pressures_valid) {
		shell_print(sh, "  pressures     drainage %d, pre-membrane %d, return %d mmHg",
			    (int)status.drainage_pressure_mmhg, (int)status.pre_membrane_pressure_mmhg,
			    (int)status.return_pressure_mmhg);
	} else {
		shell_print(sh, "  pressures     unknown");
	}
	print_therapy(sh, &status);
	PRINT_POWER(sh, unit);
	levitas_fault_names(status.faults, fault_names, sizeof(fault_names));
	shell_print(sh, "  since boot    %u touchdowns, %u missed samples; limits 0x%x, faults 0x%x%s%s",
		    status.touchdown_count, status.missed_samples, status.limits, status.faults,
		    status.faults != 0 ? ": " : "", fault_names);
	levitas_start_text(unit, start, sizeof(start));
	shell_print(sh, "  start         %s", start);
	if (levitas_settings_write_error(unit) != 0) {
		shell_print(sh, "  SETTINGS      not kept over a power-off: storage error %d", levitas_settings_write_error(unit));
	}
	if (levitas_kits_write_error() != 0) {
		shell_print(sh, "  KITS          not kept over a power-off: error %d", levitas_kits_write_error());
	}
	if (!levitas_settings_are_known(unit)) {
		shell_print(sh, "  SETTINGS      those in the storage could not be read: see levitas settings for what is in force; none is kept over a power-off");
	}
	print_crash(sh);
	if (levitas_port_gate_driver_error(unit) != 0) {
		shell_print(sh, "  GATE DRIVER   error %d: gate_driver says why", levitas_port_gate_driver_error(unit));
	}
	if (levitas_threads_watch_error() != 0) {
		shell_print(sh, "  WATCHDOG      error %d: this unit may stand without being reset", levitas_threads_watch_error());
	}
}

const char *levitas_shell_unit_name(uint32_t unit)
{
	return name_of(unit_names, ARRAY_SIZE(unit_names), unit);
}

void levitas_shell_each_unit(const struct shell *sh, void (*print)(const struct shell *sh, uint32_t unit))
{
	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE)) {
		print(sh, LEVITAS_UNIT_HOST);
	}
	if (!IS_ENABLED(CONFIG_LEVITAS_ROLE_HOST)) {
		print(sh, LEVITAS_UNIT_EMERGENCY_DRIVE);
	}
}

static int cmd_status(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	levitas_shell_each_unit(sh, print_unit);
	return 0;
}

/* True when the supervisor has looked at the command of this number, or at a later one. */
static bool is_answered(uint32_t number, struct levitas_unit_status *status)
{
	levitas_status_read(OPERATED_UNIT, status);
	return (int32_t)(status->command_number - number) >= 0;
}

bool levitas_shell_answered(void)
{
	struct levitas_unit_status status;

	return is_answered(posted_number, &status);
}

uint32_t levitas_shell_settled_state(uint32_t unit)
{
	struct levitas_unit_status status;

	k_mutex_lock(&operating, K_FOREVER);
	levitas_status_read(unit, &status);
	k_mutex_unlock(&operating);
	return status.state;
}

/* Posts a command; 0, or the refusal, or -ETIMEDOUT. */
static int post_and_wait(const struct levitas_command *command)
{
	static const struct levitas_command nothing = {.kind = LEVITAS_COMMAND_NONE};
	struct levitas_unit_status status;

	posted_number = levitas_command_post(OPERATED_UNIT, command);
	for (int waited_ms = 0; waited_ms < ANSWER_MS_MAX; waited_ms++) {
		if (is_answered(posted_number, &status)) {
			return (int)status.command_result;
		}
		k_sleep(K_MSEC(1));
	}
	/* Or it would be carried out whenever the supervisor comes back, long after the operator has turned away. */
	posted_number = levitas_command_post(OPERATED_UNIT, &nothing);
	return -ETIMEDOUT;
}

int levitas_shell_operate(const struct shell *sh, uint32_t kind, float value)
{
	const struct levitas_command command = {.kind = kind, .value = value};
	const char *work;
	char reason[LEVITAS_THERAPY_BYTES];
	int result;

	k_mutex_lock(&operating, K_FOREVER);
	work = kind == LEVITAS_COMMAND_LIFT || kind == LEVITAS_COMMAND_LIFT_ALONE ? levitas_work_text() : NULL;
	result = work == NULL ? post_and_wait(&command) : 0;
	k_mutex_unlock(&operating);
	if (work != NULL) {
		shell_error(sh, "refused: %s", work);
		return -EBUSY;
	}
	if (result < 0) {
		shell_error(sh, "no answer: the supervisor does not run; the command is withdrawn");
		return -ETIMEDOUT;
	}
	if (result > 0) {
		levitas_refusal_text(OPERATED_UNIT, result, &command, reason, sizeof(reason));
		shell_error(sh, "refused: %s", reason);
		return -EPERM;
	}
	return 0;
}

/* Operates, and says so when it is accepted. */
static int operate_and_say(const struct shell *sh, enum levitas_command_kind kind, const char *accepted)
{
	int error = levitas_shell_operate(sh, kind, 0.0f);

	if (error == 0) {
		shell_print(sh, "%s", accepted);
	}
	return error;
}

static int cmd_lift(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return operate_and_say(sh, LEVITAS_COMMAND_LIFT, "lifting off");
}

static int cmd_lift_alone(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return operate_and_say(sh, LEVITAS_COMMAND_LIFT_ALONE, "lifting off; there is no backup");
}

static int cmd_hand_back(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return operate_and_say(sh, LEVITAS_COMMAND_HAND_BACK, "giving the head to the other unit");
}

static int cmd_drill(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return operate_and_say(sh, LEVITAS_COMMAND_DRILL, "let go: the other unit takes over, or this one drives on");
}

static int cmd_rejoin(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return operate_and_say(sh, LEVITAS_COMMAND_REJOIN, "in the pair again: ready once its self-check has passed");
}

static int cmd_land(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return operate_and_say(sh, LEVITAS_COMMAND_LAND, "landing: the motor stops first");
}

static int cmd_poweroff(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return operate_and_say(sh, LEVITAS_COMMAND_POWER_OFF, "shutting down: switch it off when levitas state says shutdown");
}

/* A whole number, and nothing behind it. */
static int parse(const char *text, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(text, &end, 10);
	return (end != text && *end == '\0' && errno == 0) ? 0 : -EINVAL;
}

static int cmd_speed(const struct shell *sh, size_t argc, char **argv)
{
	long speed_rpm;
	int error;

	ARG_UNUSED(argc);
	if (parse(argv[1], &speed_rpm) != 0) {
		shell_error(sh, "speed \"%s\": give a whole number of rpm, for example: levitas speed 3000", argv[1]);
		return -EINVAL;
	}
	error = levitas_shell_operate(sh, LEVITAS_COMMAND_SPEED, (float)speed_rpm);
	if (error == 0) {
		shell_print(sh, "speed set-point %ld rpm", speed_rpm);
	}
	return error;
}

/* `levitas mode` and `levitas set`. */
static int set_therapy(const struct shell *sh, bool is_mode, size_t argc, char **argv)
{
	const char *value = argc > 2 ? argv[2] : NULL;
	struct levitas_command command;
	char text[LEVITAS_THERAPY_BYTES];
	int error;

	if (!levitas_therapy_parse(is_mode, argv[1], value, &command, text, sizeof(text))) {
		shell_error(sh, "%s", text);
		return -EINVAL;
	}
	error = levitas_shell_operate(sh, command.kind, command.value);
	if (error == 0) {
		shell_print(sh, "%s %s", argv[1], value != NULL ? value : "");
	}
	return error;
}

static int cmd_mode(const struct shell *sh, size_t argc, char **argv)
{
	char text[LEVITAS_THERAPY_BYTES];

	if (argc > 1) {
		return set_therapy(sh, true, argc, argv);
	}
	for (uint32_t i = 0; levitas_reach_text(OPERATED_UNIT, i, text, sizeof(text)); i++) {
		shell_print(sh, "  %s", text);
	}
	return 0;
}

static int cmd_set(const struct shell *sh, size_t argc, char **argv)
{
	return set_therapy(sh, false, argc, argv);
}

static int cmd_settings(const struct shell *sh, size_t argc, char **argv)
{
	char text[LEVITAS_THERAPY_BYTES];

	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	for (uint32_t i = 0; levitas_setting_text(OPERATED_UNIT, i, text, sizeof(text)); i++) {
		shell_print(sh, "  %s", text);
	}
	return 0;
}

static int cmd_resume(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return operate_and_say(sh, LEVITAS_COMMAND_RESUME, "resumed: no intervention holds the flow");
}

/* What became of an order: a line, and an error where it was refused. */
static int print_answer(const struct shell *sh, uint32_t answer, const char *text)
{
	if (answer == LEVITAS_ORDER_REFUSED) {
		shell_error(sh, "refused: %s", text);
		return -EPERM;
	}
	shell_print(sh, "%s", answer == LEVITAS_ORDER_NONE ? "no order yet" : text);
	return 0;
}

static int cmd_circuit(const struct shell *sh, size_t argc, char **argv)
{
	char text[LEVITAS_THERAPY_BYTES];
	uint32_t answer = LEVITAS_ORDER_NONE;
	uint32_t number;

	if (argc < 2) {
		answer = levitas_circuit_answer(OPERATED_UNIT, 0, text, sizeof(text));
		return print_answer(sh, answer, text);
	}
	k_mutex_lock(&operating, K_FOREVER);
	number = levitas_circuit_order(OPERATED_UNIT, argv[1], argc > 2 ? argv[2] : NULL, text, sizeof(text));
	for (int waited_ms = 0; number != 0 && answer == LEVITAS_ORDER_NONE && waited_ms < ANSWER_MS_MAX; waited_ms++) {
		k_sleep(K_MSEC(1));
		answer = levitas_circuit_answer(OPERATED_UNIT, number, text, sizeof(text));
	}
	if (number != 0 && answer == LEVITAS_ORDER_NONE) {
		/* As with commands: not long after the operator has turned away. */
		(void)levitas_circuit_order(OPERATED_UNIT, NULL, NULL, text, sizeof(text));
	}
	k_mutex_unlock(&operating);
	if (number == 0) {
		shell_error(sh, "%s", text);
		return -EINVAL;
	}
	if (answer == LEVITAS_ORDER_NONE) {
		shell_error(sh, "no answer: the circulation task does not run; the order is withdrawn");
		return -ETIMEDOUT;
	}
	return print_answer(sh, answer, text);
}

/* Three periods of the alarm task, and more than one order takes. */
#define ALARM_TASK_MS 30

static int no_alarm_task(const struct shell *sh)
{
	shell_error(sh, "no answer: the alarm task does not run; what is listed, sounded and lit is not to be believed");
	return -ETIMEDOUT;
}

static int cmd_alarm(const struct shell *sh, size_t argc, char **argv)
{
	char text[LEVITAS_ALARM_BYTES];
	const uint32_t periods = levitas_alarm_headline(OPERATED_UNIT, text, sizeof(text));
	uint32_t pause_ms;
	uint32_t count = 0;

	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	k_msleep(ALARM_TASK_MS);
	if (levitas_alarm_headline(OPERATED_UNIT, text, sizeof(text)) == periods) {
		return no_alarm_task(sh);
	}
	shell_print(sh, "%s", text);
	while (levitas_alarm_text(OPERATED_UNIT, count, text, sizeof(text))) {
		shell_print(sh, "%s", text);
		count++;
	}
	if (count == 0) {
		shell_print(sh, "no alarm");
	}
	pause_ms = levitas_alarm_pause_ms(OPERATED_UNIT);
	if (pause_ms > 0) {
		shell_print(sh, "audio paused for %u s", (pause_ms + 999) / 1000);
	}
	return 0;
}

static int order_alarm(const struct shell *sh, enum levitas_alarm_order order, const char *done)
{
	uint32_t number;
	bool answered;

	k_mutex_lock(&operating, K_FOREVER);
	number = levitas_alarm_order(OPERATED_UNIT, order);
	k_msleep(ALARM_TASK_MS);
	answered = levitas_alarm_answered(OPERATED_UNIT, number);
	k_mutex_unlock(&operating);
	if (!answered) {
		return no_alarm_task(sh);
	}
	shell_print(sh, "%s", done);
	return 0;
}

static int cmd_alarm_acknowledge(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return order_alarm(sh, LEVITAS_ALARM_ACKNOWLEDGE, "acknowledged: what stands is silent for five minutes");
}

static int cmd_alarm_pause(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return order_alarm(sh, LEVITAS_ALARM_PAUSE_AUDIO, "audio paused for 120 s; a new alarm of high priority ends that");
}

static int cmd_alarm_sound(const struct shell *sh, size_t argc, char **argv)
{
	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	return order_alarm(sh, LEVITAS_ALARM_RESUME_AUDIO, "audio on");
}

static uint32_t stack_free(const struct levitas_thread *thread)
{
	size_t bytes = 0;

#if !defined(CONFIG_ARCH_POSIX)
	/* Threads of native_sim live on stacks of the host, which nobody marks. */
	(void)k_thread_stack_space_get(thread->id, &bytes);
#else
	ARG_UNUSED(thread);
#endif
	return bytes;
}

static int cmd_thread(const struct shell *sh, size_t argc, char **argv)
{
	size_t count;
	const struct levitas_thread *threads = levitas_threads(&count);

	ARG_UNUSED(argc);
	ARG_UNUSED(argv);
	shell_print(sh, "%-18s %8s %8s %10s %6s %11s %7s %10s", "thread", "priority", "rate Hz", "steps", "missed",
		    "response us", "step us", "stack free");
	for (size_t i = 0; i < count; i++) {
		shell_print(sh, "%-18s %8d %8u %10u %6u %11u %7u %10u", threads[i].name, threads[i].priority,
			    threads[i].rate_hz, threads[i].steps, threads[i].deadline_misses,
			    (uint32_t)k_cyc_to_us_ceil32(threads[i].response_cycles_max),
			    (uint32_t)k_cyc_to_us_ceil32(threads[i].step_cycles_max), stack_free(&threads[i]));
	}
	return 0;
}

#if defined(CONFIG_LEVITAS_WORLD)

/* Beyond these a rotor of this size is a wreck, and the numbers no longer a test. */
#define DISTURB_NEWTON_MAX 100
#define DISTURB_MS_MAX     10000

static int cmd_disturb_force(const struct shell *sh, size_t argc, char **argv)
{
	long newton, degree, duration_ms;
	struct levitas_force_step step;

	ARG_UNUSED(argc);
	if (parse(argv[1], &newton) != 0 || newton < 0 || newton > DISTURB_NEWTON_MAX) {
		shell_error(sh, "force \"%s\": allowed is 0 to %d N", argv[1], DISTURB_NEWTON_MAX);
		return -EINVAL;
	}
	if (parse(argv[2], &degree) != 0 || degree < -360 || degree > 360) {
		shell_error(sh, "angle \"%s\": allowed is -360 to 360 degrees", argv[2]);
		return -EINVAL;
	}
	if (parse(argv[3], &duration_ms) != 0 || duration_ms < 1 || duration_ms > DISTURB_MS_MAX) {
		shell_error(sh, "duration \"%s\": allowed is 1 to %d ms", argv[3], DISTURB_MS_MAX);
		return -EINVAL;
	}
	step = (struct levitas_force_step){
		.force_n = (float)newton,
		.angle_rad = (float)degree * 0.017453293f,
		.duration_s = (float)duration_ms * 1.0e-3f,
	};
	levitas_world_force_step(&step);
	shell_print(sh, "%ld N on the simulated rotor for %ld ms", newton, duration_ms);
	return 0;
}

#if defined(CONFIG_LEVITAS_WARMING)
#define WARMING_DISTURBANCES                                                                                           \
	SHELL_CMD_ARG(heater, NULL,                                                                                    \
		      "Heater and relay of the control conduct, whatever they are told. Usage: levitas disturb heater stuck|mended",  \
		      levitas_shell_disturb_heater, 2, 0),                                                             \
		SHELL_CMD_ARG(button, NULL, "Press the button of the cut-out.", levitas_shell_disturb_button, 1, 0),
#else
#define WARMING_DISTURBANCES
#endif

#if defined(CONFIG_LEVITAS_POWER)
#define POWER_DISTURBANCE                                                                                              \
	SHELL_CMD_ARG(mains, NULL, "Mains of the unit. Usage: levitas disturb mains lost|back", levitas_shell_disturb_mains, 2, 0),
#else
#define POWER_DISTURBANCE
#endif

SHELL_STATIC_SUBCMD_SET_CREATE(
	levitas_disturb_commands,
	SHELL_CMD_ARG(force, NULL, "Radial force step. Usage: levitas disturb force NEWTON DEGREES MILLISECONDS",
		      cmd_disturb_force, 4, 0),
	WARMING_DISTURBANCES POWER_DISTURBANCE SHELL_SUBCMD_SET_END);

#define DISTURB_COMMAND SHELL_CMD(disturb, &levitas_disturb_commands, "Disturb the simulated plant.", NULL),
#else
#define DISTURB_COMMAND
#endif /* CONFIG_LEVITAS_WORLD */

SHELL_STATIC_SUBCMD_SET_CREATE(
	levitas_commission_commands,
	SHELL_CMD_ARG(stop, NULL, "End it: the rotor is set down, nothing is stored.", levitas_shell_commission_stop, 1, 0),
	SHELL_SUBCMD_SET_END);

SHELL_STATIC_SUBCMD_SET_CREATE(
	levitas_alarm_commands,
	SHELL_CMD_ARG(acknowledge, NULL, "All that stand are seen: silent for five minutes, lit as long as they stand.", cmd_alarm_acknowledge,
		      1, 0),
	SHELL_CMD_ARG(pause, NULL, "No sound for 120 s, unless a new alarm of high priority comes.", cmd_alarm_pause, 1, 0),
	SHELL_CMD_ARG(sound, NULL, "End the pause.", cmd_alarm_sound, 1, 0), SHELL_SUBCMD_SET_END);

SHELL_STATIC_SUBCMD_SET_CREATE(
	levitas_kit_commands,
	SHELL_CMD_ARG(add, NULL,
		      "Take a disposable into use: circulation, drainage_cannula, return_cannula, puncture or warming. An expired or used one only "
		      "with a reason: emergency, no_other or inspected. Usage: levitas kit add KIND UDI YYYY-MM-DD [REASON]",
		      levitas_shell_kit_add, 4, 1),
	SHELL_CMD_ARG(end, NULL, "The therapy is over: no kit is in use any more.", levitas_shell_kit_end, 1, 0), SHELL_SUBCMD_SET_END);

SHELL_STATIC_SUBCMD_SET_CREATE(
	levitas_lift_commands,
	SHELL_CMD_ARG(alone, NULL, "The same where neither drive line nor link says that there is no other unit: you have looked.",
		      cmd_lift_alone, 1, 0),
	SHELL_SUBCMD_SET_END);

SHELL_STATIC_SUBCMD_SET_CREATE(
	levitas_storage_commands,
	SHELL_CMD_ARG(format, NULL,
		      "Erase it, also one that cannot be mounted: both copies of the record are lost. Refused unless in standby. "
		      "Usage: levitas storage format WORD; without the word it says what is lost, and the word.",
		      levitas_shell_storage_format, 1, 1),
	SHELL_SUBCMD_SET_END);

SHELL_STATIC_SUBCMD_SET_CREATE(
	levitas_key_commands,
	SHELL_CMD_ARG(set, NULL,
		      "Put the key in, once; refused when there is one, and unless in standby. The terminal shows what is typed. "
		      "Usage: levitas key set KEY KEY, 32 hexadecimal digits, twice the same.",
		      levitas_shell_key_set, 1, SHELL_OPT_ARG_CHECK_SKIP),
	SHELL_CMD_ARG(erase, NULL,
		      "Erase it: every command of the link is refused. Refused unless in standby. Usage: levitas key erase WORD; without "
		      "the word it says the word.",
		      levitas_shell_key_erase, 1, 1),
	SHELL_SUBCMD_SET_END);

#if defined(CONFIG_LEVITAS_RECORDS)
SHELL_STATIC_SUBCMD_SET_CREATE(
	levitas_log_commands,
	SHELL_CMD_ARG(verify, NULL, "Whether every event is there and linked to the one before; the last link, to be noted.",
		      levitas_shell_log_verify, 1, 0),
	SHELL_SUBCMD_SET_END);
#define RECORD_COMMANDS                                                                                                \
	SHELL_CMD_ARG(log, &levitas_log_commands, "The last events. Usage: levitas log [NUMBER]", levitas_shell_log, 1, 1),  \
		SHELL_CMD_ARG(trend, NULL, "The last trends, one a second. Usage: levitas trend [NUMBER]", levitas_shell_trend, 1, 1),
#else
#define RECORD_COMMANDS
#endif

#if defined(CONFIG_LEVITAS_WARMING)
#define HEATER_COMMAND                                                                                                 \
	SHELL_CMD_ARG(heater, NULL,                                                                                    \
		      "Warming device: temperatures, power, cut-out. A target of water or blood, with a rate [C/h] if not 0.5; or off. "  \
		      "Usage: levitas heater [water|blood CELSIUS [RATE] | off]",                                      \
		      levitas_shell_heater, 1, 3),
#else
#define HEATER_COMMAND
#endif

#if defined(CONFIG_LEVITAS_POWER)
#define POWER_COMMAND                                                                                                  \
	SHELL_CMD_ARG(power, NULL,                                                                                     \
		      "Mains and battery of this unit, and of the other one as it tells them; test: begins the load test of the battery. " \
		      "Usage: levitas power [test]",                                                                   \
		      levitas_shell_power, 1, 1),
#else
#define POWER_COMMAND
#endif

#if defined(CONFIG_LEVITAS_SAMPLER_STM32H7)
#define BOARD_COMMANDS                                                                                                 \
	SHELL_CMD_ARG(samples, NULL, "What each input of the fast path reads, over a second; nothing needs to have current.",           \
		      levitas_shell_samples, 1, 0),
#else
#define BOARD_COMMANDS
#endif

SHELL_STATIC_SUBCMD_SET_CREATE(
	levitas_commands, SHELL_CMD_ARG(status, NULL, "What the unit measures and does.", cmd_status, 1, 0),
	SHELL_CMD_ARG(state, NULL, "The state of the unit in one word, and why a therapy is degraded or a lift-off refused.",
		      levitas_shell_state, 1, 0),
	SHELL_CMD_ARG(selftest, NULL, "What the self-test after power-up has found: each item, what was measured, its limit.",
		      levitas_shell_self_test, 1, 0),
	SHELL_CMD_ARG(lift, &levitas_lift_commands, "Lift the rotor off and hold it.", cmd_lift, 1, 0),
	SHELL_CMD_ARG(speed, NULL, "Speed set-point [rpm]. Usage: levitas speed RPM", cmd_speed, 2, 0),
	SHELL_CMD_ARG(mode, NULL,
		      "A mode with its set-point: speed RPM, flow L/MIN, pressure MMHG (drainage below 0), pulsatile RPM, zero_flow, "
		      "weaning L/MIN, retrograde_trial L/MIN; without words: what can be reached now. Usage: levitas mode flow 4.0",
		      cmd_mode, 1, 2),
	SHELL_CMD_ARG(set, NULL, "A limit or another setting. Usage: levitas set return_pressure_mmhg_max 280", cmd_set, 3, 0),
	SHELL_CMD_ARG(settings, NULL, "All settings with their ranges.", cmd_settings, 1, 0),
	SHELL_CMD_ARG(circuit, NULL,
		      "Tell the sensors of this unit what is known; without words: what became of it. clamped: at the meter, 5 s. flow L/MIN: "
		      "steady, by another meter, 10 s. saline C: no blood in the circuit. zero_drainage, zero_pre_membrane, zero_return: open "
		      "to air, 1 s. new_lung, new_pump: exchanged. Usage: levitas circuit flow 4.0",
		      cmd_circuit, 1, 2),
	SHELL_CMD_ARG(kit, &levitas_kit_commands, "The disposables: hours in use, membrane lung.", levitas_shell_kit, 1, 0),
	SHELL_CMD_ARG(alarm, &levitas_alarm_commands, "The alarms that stand, with what to do.", cmd_alarm, 1, 0),
	SHELL_CMD_ARG(resume, NULL, "End what an intervention holds.", cmd_resume, 1, 0),
	SHELL_CMD_ARG(prime, NULL,
		      "The guide for priming and de-airing: where it stands, what it waits for. Advice: any mode that is set ends it. begin: also "
		      "anew. confirm: what the drive cannot see is done. skip: the next step; that this one was skipped is kept. end: no more of "
		      "it; the pump keeps its speed. Usage: levitas prime [begin|confirm|skip|end]",
		      levitas_shell_prime, 1, 1),
	SHELL_CMD_ARG(land, NULL, "Stop the motor, then set the rotor down.", cmd_land, 1, 0),
	SHELL_CMD_ARG(poweroff, NULL,
		      "The same, then the state shutdown: the unit may be switched off. While the pump pumps it has to be asked twice.",
		      cmd_poweroff, 1, 0),
	SHELL_CMD_ARG(handback, NULL, "Give the head to the other unit, which must be ready.", cmd_hand_back, 1, 0),
	SHELL_CMD_ARG(drill, NULL, "Let go of the head as a failure would, to see the other unit take over.", cmd_drill, 1,
		      0),
	SHELL_CMD_ARG(rejoin, NULL, "After a failure of this unit: join the pair again.", cmd_rejoin, 1, 0),
	SHELL_CMD_ARG(commission, &levitas_commission_commands,
		      "Find the calibration of this drive on itself, 50 s, and store it.", levitas_shell_commission, 1, 0),
	SHELL_CMD_ARG(calibration, NULL, "Both copies of the calibration record, and which one is in force.",
		      levitas_shell_calibration, 1, 0),
	SHELL_CMD_ARG(key, &levitas_key_commands, "The key of the commands of the link: whether it is set, its check value.",
		      levitas_shell_key, 1, 0),
	SHELL_CMD_ARG(link, NULL, "Frames and commands of the link that were refused since boot, by kind.", levitas_shell_link, 1,
		      0),
	RECORD_COMMANDS HEATER_COMMAND POWER_COMMAND BOARD_COMMANDS
	SHELL_CMD_ARG(bridge, NULL,
		      "For bring-up, in standby: a duty on one bridge, at most 100 thousandths of the bus voltage and 5000 ms; without words: "
		      "how the last one has ended. Usage: levitas bridge coil_x|coil_y|phase_a|phase_b|phase_c DUTY MS",
		      levitas_shell_bridge, 1, 3),
	SHELL_CMD(storage, &levitas_storage_commands, "The storage of calibration record and command key.", NULL),
	SHELL_CMD_ARG(thread, NULL,
		      "Task threads since boot: steps, missed deadlines, longest response (release to end) and step.",
		      cmd_thread, 1, 0),
	DISTURB_COMMAND SHELL_SUBCMD_SET_END);

SHELL_CMD_REGISTER(levitas, &levitas_commands, "Levitas ECMO drive.", NULL);
