/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The border between C (kernel, drivers, shell) and Rust (controllers, simulated plant).
 *
 * Floats cross it inside structs or by pointer, never by value. The structs mirror `repr(C)` structs of Rust: the
 * inputs and outputs of src/core/src/ports.rs, the others of src/firmware/; tests/zephyr/firmware compares size and
 * offset of every member from both sides.
 */
#ifndef LEVITAS_SHIM_H_
#define LEVITAS_SHIM_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <levitas/can_frame.h>
#include <levitas/ecg.h>
#include <levitas/flow_meter.h>

/** Units of an image; a role uses its own, LEVITAS_ROLE_BOTH both. */
enum levitas_unit {
	LEVITAS_UNIT_HOST,
	LEVITAS_UNIT_EMERGENCY_DRIVE,
	LEVITAS_UNIT_COUNT,
};

/** Tasks in the order of the core's schedule tables. */
enum levitas_task {
	LEVITAS_TASK_LEVITATION,
	LEVITAS_TASK_LINK,
	LEVITAS_TASK_SPEED,
	LEVITAS_TASK_CIRCULATION,
	LEVITAS_TASK_SUPERVISOR,
	LEVITAS_TASK_ALARM,
	/** This one and the next: of a warming device, where there is one. */
	LEVITAS_TASK_CUT_OUT,
	LEVITAS_TASK_WARMING,
	LEVITAS_TASK_COUNT,
};

/** Bits of the `valid` members. */
enum levitas_valid {
	LEVITAS_VALID_DISPLACEMENT = 1 << 0,
	LEVITAS_VALID_ANGLE = 1 << 1,
	LEVITAS_VALID_COIL_CURRENT = 1 << 2,
	LEVITAS_VALID_PHASE_CURRENT = 1 << 3,
	LEVITAS_VALID_BUS_VOLTAGE = 1 << 4,
	LEVITAS_VALID_FLOW = 1 << 8,
	LEVITAS_VALID_DRAINAGE_PRESSURE = 1 << 9,
	LEVITAS_VALID_PRE_MEMBRANE_PRESSURE = 1 << 10,
	LEVITAS_VALID_RETURN_PRESSURE = 1 << 11,
	LEVITAS_VALID_ECG = 1 << 12,
	LEVITAS_VALID_WATER_A = 1 << 16,
	LEVITAS_VALID_WATER_B = 1 << 17,
	LEVITAS_VALID_BLOOD = 1 << 18,
	LEVITAS_VALID_HEATER_POWER = 1 << 19,
	LEVITAS_VALID_LEAKAGE = 1 << 20,
	LEVITAS_VALID_WATER_FLOW = 1 << 21,
	LEVITAS_VALID_WATER_LEVEL = 1 << 22,
	LEVITAS_VALID_CUT_OUT_WATER = 1 << 24,
	LEVITAS_VALID_CUT_OUT_BLOOD = 1 << 25,
	LEVITAS_VALID_MAINS_VOLTAGE = 1 << 26,
	LEVITAS_VALID_BATTERY_VOLTAGE = 1 << 27,
	LEVITAS_VALID_BATTERY_CURRENT = 1 << 28,
	LEVITAS_VALID_LOAD_CURRENT = 1 << 29,
};

/** Mirrors LevitationInputs. */
struct levitas_levitation_inputs {
	float displacement_hall_v[4];
	float angle_hall_v[2];
	float coil_current_a[2];
	float phase_current_a[3];
	float bus_voltage_v;
	uint32_t sample_count;
	uint32_t valid;
	/** Bits of enum levitas_pair in coil_driver.h. */
	uint32_t pair;
};

/** Mirrors LevitationOutputs. */
struct levitas_levitation_outputs {
	float coil_duty[2];
	float phase_duty[3];
	uint32_t coil_gate;
	uint32_t phase_gate;
	uint32_t drive_line;
	uint32_t latch_override;
};

/** Mirrors CirculationInputs. */
struct levitas_circulation_inputs {
	struct levitas_flow_shot shots[LEVITAS_FLOW_SHOTS_MAX];
	float ecg_mv[LEVITAS_ECG_BATCH];
	float drainage_pressure_mmhg;
	float pre_membrane_pressure_mmhg;
	float return_pressure_mmhg;
	/** The first of the shots, which are new. */
	uint32_t shot_count;
	uint32_t valid;
};

/** Mirrors WarmingInputs. */
struct levitas_warming_inputs {
	float water_celsius[2];
	float blood_celsius;
	float heater_power_w;
	float leakage_ma;
	float water_flow_lpm;
	float water_level;
	uint32_t valid;
};

/** Mirrors WarmingOutputs. */
struct levitas_warming_outputs {
	float heater_duty;
	uint32_t heater_relay;
	uint32_t water_pump;
	uint32_t alive;
};

/** Mirrors CutOutInputs. */
struct levitas_cut_out_inputs {
	float water_celsius;
	float blood_celsius;
	uint32_t reset;
	uint32_t valid;
};

/** Mirrors CutOutOutputs. */
struct levitas_cut_out_outputs {
	uint32_t permit;
};

/** Mirrors PowerInputs. */
struct levitas_power_inputs {
	float mains_v;
	float battery_v;
	float battery_a;
	float load_a;
	uint32_t valid;
};

/** Mirrors PowerOutputs. */
struct levitas_power_outputs {
	uint32_t test_load;
	uint32_t hold_charger;
};

/** Codes of UnitState. */
enum levitas_unit_state {
	LEVITAS_STATE_STANDBY,
	LEVITAS_STATE_LIFTING_OFF,
	LEVITAS_STATE_OPERATING,
	LEVITAS_STATE_LANDING,
	LEVITAS_STATE_SERVICE,
	LEVITAS_STATE_COMMISSIONING,
};

/** What the shell shows of a unit; mirrors UnitStatus. */
struct levitas_unit_status {
	/** enum levitas_unit_state */
	uint32_t state;
	/** Code of BearingState. */
	uint32_t bearing_state;
	float displacement_m[2];
	float coil_current_a[2];
	float speed_setpoint_rpm;
	float speed_rpm;
	float torque_current_a;
	float bus_voltage_v;
	float flow_lpm;
	float drainage_pressure_mmhg;
	float pre_membrane_pressure_mmhg;
	float return_pressure_mmhg;
	/** Non-zero: the flow is to be believed. */
	uint32_t flow_valid;
	/** Non-zero: the pressures are to be believed. */
	uint32_t pressures_valid;
	uint32_t touchdown_count;
	uint32_t missed_samples;
	/** Bits of what saturates now. */
	uint32_t limits;
	/** Bits of what the levitation task does not believe now. */
	uint32_t faults;
	/** Code of the mode in force. */
	uint32_t mode;
	/** Flow that is followed [L/min]; not a number when none is. */
	float flow_target_lpm;
	/** Bits of what is wrong with the circulation. */
	uint32_t conditions;
	/** Number of the last command the supervisor looked at, and its result: 0 accepted, else a refusal. */
	uint32_t command_number;
	uint32_t command_result;
};

/** Kinds of a command: the codes of `kind` in can/levitas.dbc, and those that do not go over the link. */
enum levitas_command_kind {
	/** Nothing; takes the place of a command that is withdrawn. The supervisor refuses it. */
	LEVITAS_COMMAND_NONE = 0,
	LEVITAS_COMMAND_LIFT = 1,
	LEVITAS_COMMAND_LAND = 2,
	LEVITAS_COMMAND_SPEED = 4,
	LEVITAS_COMMAND_RESUME = 11,
	LEVITAS_COMMAND_COMMISSION = 33,
	LEVITAS_COMMAND_LIFT_ALONE = 19,
	LEVITAS_COMMAND_HAND_BACK = 17,
	LEVITAS_COMMAND_DRILL = 16,
	LEVITAS_COMMAND_REJOIN = 18,
	LEVITAS_COMMAND_POWER_OFF = 20,
	/** Orders to the guide for priming. */
	LEVITAS_COMMAND_PRIME_BEGIN = 40,
	LEVITAS_COMMAND_PRIME_CONFIRM = 41,
	LEVITAS_COMMAND_PRIME_SKIP = 42,
	LEVITAS_COMMAND_PRIME_END = 43,
};

/** A command of the operator; mirrors OperatorCommand. */
struct levitas_command {
	/** enum levitas_command_kind, or of a mode or setting. */
	uint32_t kind;
	/** Argument in the unit of the kind, else 0. */
	float value;
};

/** Bytes of a calibration record, its values, and those of a commissioning, which has checks beside them. */
#define LEVITAS_RECORD_BYTES         112
#define LEVITAS_CALIBRATION_VALUES   22
#define LEVITAS_COMMISSIONING_VALUES 30

/** What a place for a calibration record holds. */
enum levitas_copy_state {
	LEVITAS_COPY_MISSING,
	LEVITAS_COPY_VALID,
	LEVITAS_COPY_REFUSED,
};

/** One place for a calibration record; mirrors CopyView. */
struct levitas_calibration_copy {
	/** enum levitas_copy_state */
	uint32_t state;
	/** Of a valid record. */
	uint32_t sequence;
	/** Of a valid record, in the order of levitas_field_read(). */
	float values[LEVITAS_CALIBRATION_VALUES];
	/** Of any other one: the part or field that is wrong, in one line. */
	char reason[128];
};

/** Neither place: the values that the drive is built with are in force. */
#define LEVITAS_PLACE_NONE 2

/** Both places and what follows from them; mirrors CalibrationView. */
struct levitas_calibration {
	/** A, then B. */
	struct levitas_calibration_copy copies[2];
	/** Place that the next start would take, or LEVITAS_PLACE_NONE. */
	uint32_t place;
	/** Place that this start took, or LEVITAS_PLACE_NONE, and the sequence number it had. */
	uint32_t start_place;
	uint32_t start_sequence;
};

/** Name and plausible range of a value; mirrors FieldView. */
struct levitas_field {
	char name[32];
	float min;
	float max;
};

/** How a commissioning ended. */
enum levitas_outcome {
	LEVITAS_OUTCOME_RUNNING,
	LEVITAS_OUTCOME_PASSED,
	LEVITAS_OUTCOME_FAILED,
};

/** How far a commissioning is; mirrors CommissioningView. */
struct levitas_commissioning {
	/** Code of Stage. */
	uint32_t stage;
	/** enum levitas_outcome */
	uint32_t outcome;
	/** Found so far, in the order of levitas_field_read(). */
	float values[LEVITAS_COMMISSIONING_VALUES];
	char stage_name[16];
	/** Where it failed and why. */
	char reason[128];
};

/** State of the simulated plant as it is, not as it is measured; mirrors PlantTruth. */
struct levitas_truth {
	float displacement_m[2];
	float speed_rpm;
	float flow_lpm;
	float head_mmhg;
	uint32_t touching;
	uint32_t touchdown_count;
	/** Simulated time in periods of 50 us; wraps. */
	uint32_t periods;
};

/** A force step on the simulated rotor; mirrors ForceStep. */
struct levitas_force_step {
	float force_n;
	float angle_rad;
	float duration_s;
};

/** The simulated warming device as it is; mirrors HeatTruth. */
struct levitas_warming_truth {
	float water_celsius;
	/** Blood in the membrane lung [C]. */
	float blood_celsius;
	/** Electric power of the heater [W]. */
	float heater_w;
	/** The cut-out's relay conducts. */
	uint32_t cut_out_closed;
};

/** One member of a mirrored struct; an empty member name stands for the struct itself. Mirrors LayoutRow. */
struct levitas_layout_row {
	const char *record;
	const char *member;
	uint32_t offset;
	uint32_t size;
};

/* C functions that Rust calls. -------------------------------------------------------------------------------- */

/**
 * Ends the step before, if there was one, and waits for the next release of this thread. Returns how many releases the step that
 * begins now serves: more than one when the thread is late.
 */
uint32_t levitas_thread_wait(void *thread);

/** Starts all threads of this image. A negative errno when a device is not ready or a rate is not the core's. */
int levitas_threads_start(void);

/** Samples the levitation devices of a unit; a group that failed has its valid bit cleared. */
void levitas_port_read_levitation(uint32_t unit, struct levitas_levitation_inputs *inputs);

/** Commands the coil driver and the motor inverter of a unit. */
void levitas_port_write_levitation(uint32_t unit, const struct levitas_levitation_outputs *outputs);

/** Samples the circulation devices of a unit. */
void levitas_port_read_circulation(uint32_t unit, struct levitas_circulation_inputs *inputs);

/** Sounds a tone [Hz], 0 for none, and shows a light, an enum levitas_alarm_light, where the unit has something for it. */
void levitas_port_write_alarm_signal(uint32_t unit, uint32_t tone_hz, uint32_t light);

/** Samples mains and battery of a unit; what failed has its valid bits cleared. False: the unit does not measure them. */
bool levitas_port_read_power(uint32_t unit, struct levitas_power_inputs *inputs);

/** Commands charger and test load. */
void levitas_port_write_power(uint32_t unit, const struct levitas_power_outputs *outputs);

/** Samples the devices of the warming control; one that failed has its valid bits cleared. */
void levitas_port_read_warming(struct levitas_warming_inputs *inputs);

/** Commands heater and water pump. */
void levitas_port_write_warming(const struct levitas_warming_outputs *outputs);

/** Samples sensors and button of the cut-out, which nobody else reads. */
void levitas_port_read_cut_out(struct levitas_cut_out_inputs *inputs);

/** Holds the relay of the cut-out, or not. */
void levitas_port_write_cut_out(const struct levitas_cut_out_outputs *outputs);

/** Makes the storage readable, again if need be; a negative errno when it cannot be. */
int levitas_storage_mount(void);

/** Reads a copy of a calibration record; how many bytes there are, which may be more than `size`, or an errno. */
int32_t levitas_storage_read(uint32_t unit, uint32_t place, uint8_t *bytes, uint32_t size);

/** Writes a copy of a calibration record; 0 or a negative errno. May erase flash: from background threads only. */
int32_t levitas_storage_write(uint32_t unit, uint32_t place, const uint8_t *bytes, uint32_t size);

/** What else is stored of a unit. */
enum levitas_storage_entry {
	/** The command key. */
	LEVITAS_ENTRY_KEY,
	/** Number of starts with a key, little endian: sessions of the link follow from it. Outlives formatting. */
	LEVITAS_ENTRY_STARTS,
	/** Limits and settings: see src/core/src/circulation/settings_record.rs. */
	LEVITAS_ENTRY_SETTINGS,
	/** Kits, one list of the image: `unit` is a place in it, see src/core/src/kits/record.rs. */
	LEVITAS_ENTRY_KITS,
};

/** Bytes of LEVITAS_ENTRY_STARTS and LEVITAS_ENTRY_SETTINGS. */
#define LEVITAS_STARTS_BYTES   4
#define LEVITAS_SETTINGS_BYTES 96

/** Places of the list of kits, and bytes of the record of one. */
#define LEVITAS_KITS_MAX         16
#define LEVITAS_KIT_RECORD_BYTES 83

/** The list of kits is locked while it is looked at; from threads alone. False: whoever holds it does not let go. */
bool levitas_kits_lock(void);
void levitas_kits_unlock(void);

/** Wakes the thread that keeps it in the storage. */
void levitas_kits_keep(void);

/** Why the list could not be written when that was last tried; 0: it was, or has not yet been tried; -EBUSY: see levitas_kits_lock(). */
int32_t levitas_kits_write_error(void);

/**
 * The bytes of the record of the kit in a place of the list; 0: it is empty, or what lies in the storage could not be read and is left as it
 * is for as long as it lies there; -EBUSY: see levitas_kits_lock().
 */
int32_t levitas_kit_record(uint32_t place, uint32_t now_s, uint8_t record[LEVITAS_KIT_RECORD_BYTES]);

/** The record of the limits and settings that are in force. False: nobody has said them yet, or those in the storage are not to be written over. */
bool levitas_settings_record(uint32_t unit, uint8_t record[LEVITAS_SETTINGS_BYTES]);

/** What lies in the storage is known. False: it could not be read and is left as it is, and nothing that is set is kept over a power-off. */
bool levitas_settings_are_known(uint32_t unit);

/** Why what is in force could not be written when that was last tried; 0: it was, or has not yet been tried. */
int32_t levitas_settings_write_error(uint32_t unit);

/** As levitas_storage_read() and levitas_storage_write(), of an entry; deleting one that is not there is no error. */
int32_t levitas_storage_entry_read(uint32_t entry, uint32_t unit, uint8_t *bytes, uint32_t size);
int32_t levitas_storage_entry_write(uint32_t entry, uint32_t unit, const uint8_t *bytes, uint32_t size);
int32_t levitas_storage_entry_delete(uint32_t entry, uint32_t unit);

/** Erases the whole storage and mounts it; 0 or a negative errno. From background threads only, the rotor in standby. */
int levitas_storage_format(void);

/** Starts the CAN controller of the link; -ENODEV where there is none. Once, from the link thread. */
int levitas_can_start(void);

/** Sends a frame with an identifier of 11 bits; a negative errno when the controller does not take it. From the link thread. */
int levitas_can_send(const struct levitas_can_frame *frame);

/** The next frame that has come for a unit; false when there is none. Called by its link task alone; must not wait. */
bool levitas_can_receive(uint32_t unit, struct levitas_can_frame *frame);

/** Bytes of an event, its record, the records of a trend and of a part of a snapshot, and a link: as in src/core/src/records. */
#define LEVITAS_EVENT_BYTES        12
#define LEVITAS_EVENT_RECORD_BYTES 44
#define LEVITAS_TREND_RECORD_BYTES 56
#define LEVITAS_SNAPSHOT_RECORD_BYTES 116
#define LEVITAS_LINK_BYTES         16

/** Since the start [ms]; wraps. */
uint32_t levitas_uptime_ms(void);

/** Writes an event now; 0 once it is in the flash, or a negative errno. From background threads only. */
int32_t levitas_record_event(const uint8_t says[LEVITAS_EVENT_BYTES]);

/** The same of something stored that a unit's shell has changed: enum levitas_storage_event. */
void levitas_record_storage(uint32_t code, uint32_t unit);

/** CONFIG_LEVITAS_SERIAL_NUMBER. */
uint32_t levitas_serial_number(void);

/** Bytes at its beginning that are not the tasks': the note of a crash, src/firmware/crash.c. */
#define LEVITAS_CRASH_BYTES 52

/** Takes that note over, which is told once; where the memory may be believed. */
void levitas_crash_take(void);

/** Reads from the memory that a reset leaves alone, `offset` in bytes; 0, or a negative errno: -ENODEV where there is none. */
int32_t levitas_retained_read(uint32_t offset, uint8_t *bytes, uint32_t size);

/** Writes to it, likewise. */
int32_t levitas_retained_write(uint32_t offset, const uint8_t *bytes, uint32_t size);

/** Blanks all of it, and reads it back; 0, or a negative errno: -EIO where it is not blank then. */
int32_t levitas_retained_blank(void);

/** Why this unit starts. */
enum levitas_reset_cause {
	/** Nobody knows: as after a power-up. */
	LEVITAS_RESET_UNKNOWN,
	/** The supply was away, however shortly. */
	LEVITAS_RESET_SUPPLY,
	LEVITAS_RESET_WATCHDOG,
	LEVITAS_RESET_LOCKUP,
	LEVITAS_RESET_SOFTWARE,
	/** Nothing but its reset line, which somebody may have pulled: as after a power-up. */
	LEVITAS_RESET_LINE,
};

/** enum levitas_reset_cause; until it is cleared the causes of later resets stand beside it. */
uint32_t levitas_reset_cause(void);

/** Clears it, and reads it back; 0, or a negative errno where it cannot be cleared: then it may be that of the last reset of several. */
int32_t levitas_reset_cause_clear(void);

/** What a check of a memory has found. */
enum levitas_check {
	LEVITAS_CHECK_NOT_RUN,
	LEVITAS_CHECK_PASSED,
	LEVITAS_CHECK_FAILED,
};

/** The RAM of this image keeps what is written; it gets back what it held. enum levitas_check. Before the task threads start. */
uint32_t levitas_memory_check_ram(void);

/** The image in flash is what was built; likewise. */
uint32_t levitas_memory_check_flash(void);

/* Rust functions that C calls. -------------------------------------------------------------------------------- */

/** Builds the tasks and starts the threads; main() of the image. */
void rust_main(void);

/** Thread entries: the thread's row of the table, its unit. */
void levitas_levitation_thread(void *thread, void *unit, void *unused);
void levitas_link_thread(void *thread, void *unit, void *unused);
void levitas_speed_thread(void *thread, void *unit, void *unused);
void levitas_circulation_thread(void *thread, void *unit, void *unused);
void levitas_supervisor_thread(void *thread, void *unit, void *unused);
void levitas_alarm_thread(void *thread, void *unit, void *unused);
void levitas_cut_out_thread(void *thread, void *unit, void *unused);
void levitas_warming_thread(void *thread, void *unit, void *unused);

/** Rate of a task in the core's schedule tables [Hz]; 0 for a task that does not exist. */
uint32_t levitas_schedule_rate_hz(uint32_t task);

/** Posts a command and returns its number; the status shows when it was looked at. One thread at a time may call it. */
uint32_t levitas_command_post(uint32_t unit, const struct levitas_command *command);

/** One line, with its terminating zero, that says why a command was refused. */
void levitas_refusal_text(uint32_t unit, uint32_t result, const struct levitas_command *command, char *text, size_t size);

/** Room for one line of the therapy. */
#define LEVITAS_THERAPY_BYTES 160

/**
 * The command of a mode (`levitas mode NAME VALUE`) or a setting (`levitas set NAME VALUE`); `value` may be null. False: no command,
 * and `text` says in one line what is allowed.
 */
bool levitas_therapy_parse(bool is_mode, const char *name, const char *value, struct levitas_command *command, char *text,
			   size_t size);

/**
 * Posts an order to the sensors of the circuit (`levitas circuit NAME VALUE`), `value` may be null; its number. 0: no order, and
 * `text` says in one line what is allowed. A null `name` withdraws the one before. One thread at a time may call it.
 */
uint32_t levitas_circuit_order(uint32_t unit, const char *name, const char *value, char *text, size_t size);

/** What became of an order. */
enum levitas_order_answer {
	/** Nobody has looked at it. */
	LEVITAS_ORDER_NONE,
	LEVITAS_ORDER_DONE,
	LEVITAS_ORDER_RUNNING,
	LEVITAS_ORDER_REFUSED,
};

/** The answer to the order of this number, 0: to the last one, and one phrase; enum levitas_order_answer. */
uint32_t levitas_circuit_answer(uint32_t unit, uint32_t number, char *text, size_t size);

/** Room for one kit, or why it is not taken. */
#define LEVITAS_KIT_BYTES 256

/** Room for what the warming device does, or why it is not told to. */
#define LEVITAS_HEATER_BYTES 768

/** What the warming device does, in some lines; false when its control has never run. */
bool levitas_heater_text(char *text, size_t size);

/**
 * Posts an order to the warming control (`levitas heater AIM CELSIUS RATE`), `celsius` and `rate` may be null; its number. 0: no
 * order, and `text` says in one line what is allowed. A null `aim` turns it off, as does one that is withdrawn. One thread at a time may
 * call it.
 */
uint32_t levitas_heater_order(const char *aim, const char *celsius, const char *rate, char *text, size_t size);

/**
 * The answer to the order of this number: enum levitas_order_answer, LEVITAS_ORDER_NONE until the control has looked at it; where it is
 * refused and somebody should know why, `text` says so.
 */
uint32_t levitas_heater_answer(uint32_t number, char *text, size_t size);

/** Room for a line of what is known of mains and battery, or why a load test is not begun. */
#define LEVITAS_POWER_BYTES 160

/** Counts what the power task says; the same number again while it does not run. */
uint32_t levitas_power_count(uint32_t unit);

/**
 * Line `line` of what a unit knows: 0 its own mains and battery, 1 those of the other unit, as it told them, 2 the load test, then
 * what is wrong. False behind the last one. Of a task that is not alive the last value is not shown.
 */
bool levitas_power_text(uint32_t unit, uint32_t line, bool is_alive, char *text, size_t size);

/** Posts the order for a load test, or withdraws the last one; its number. One thread at a time may call it. */
uint32_t levitas_power_order(uint32_t unit, bool load_test);

/** The answer to the order of this number and why it was refused: enum levitas_order_answer, LEVITAS_ORDER_NONE until it was looked at. */
uint32_t levitas_power_answer(uint32_t unit, uint32_t number, char *text, size_t size);

/** What became of a kit. */
enum levitas_kit_answer {
	/** The words are wrong. */
	LEVITAS_KIT_WRONG,
	LEVITAS_KIT_TAKEN,
	/** It may not be used. */
	LEVITAS_KIT_REFUSED,
};

/**
 * Takes a disposable into the list (`levitas kit add KIND UDI DATE REASON`), `reason` may be null; enum levitas_kit_answer,
 * and one line. `now_s`: since the start.
 */
uint32_t levitas_kit_add(const char *kind, const char *udi, const char *date, const char *reason, uint32_t now_s, char *text,
			 size_t size);

/** The therapy is over, none is in use any more (`levitas kit end`): how many were; -EBUSY: see levitas_kits_lock(). */
int32_t levitas_kit_end(uint32_t now_s);

/** One kit of the list, with the membrane lung of the unit where it is a circulation kit; false when there is none of that number. */
bool levitas_kit_text(uint32_t unit, uint32_t index, uint32_t now_s, char *text, size_t size);

/** One setting with its value and its range; false when there is none of that number. */
bool levitas_setting_text(uint32_t unit, uint32_t index, char *text, size_t size);

/** One mode with what its set-point may be now; false when there is none of that number. */
bool levitas_reach_text(uint32_t unit, uint32_t index, char *text, size_t size);

/** Name of a mode. */
void levitas_mode_name(uint32_t mode, char *text, size_t size);

/** One of the conditions that stand, in one sentence; false when there are not so many. */
bool levitas_condition_text(uint32_t conditions, uint32_t index, char *text, size_t size);

/** Room for one alarm with what has happened and what to do. */
#define LEVITAS_ALARM_BYTES 384

/** One of the alarms that a unit shows, the most important first, in three lines; false when there are not so many. */
bool levitas_alarm_text(uint32_t unit, uint32_t index, char *text, size_t size);

/** Whether the pump runs, in words; gives the periods of the alarm task, which stand still when it does; 0: it has never run. */
uint32_t levitas_alarm_headline(uint32_t unit, char *text, size_t size);

/** What is left of the audio pause [ms]; UINT32_MAX: the alarm task has never run. */
uint32_t levitas_alarm_pause_ms(uint32_t unit);

/** What an operator can do about alarms. */
enum levitas_alarm_order {
	LEVITAS_ALARM_ACKNOWLEDGE = 1,
	LEVITAS_ALARM_PAUSE_AUDIO,
	LEVITAS_ALARM_RESUME_AUDIO,
};

/** Posts it and gives its number; 0 for an order that there is not. One thread at a time may call it. */
uint32_t levitas_alarm_order(uint32_t unit, uint32_t order);

/** The alarm task has carried out the order of that number. */
bool levitas_alarm_answered(uint32_t unit, uint32_t number);

/** Codes of Source and of the events that C makes itself. */
enum levitas_source {
	LEVITAS_SOURCE_LOG = 1,
	LEVITAS_SOURCE_STORAGE = 13,
	LEVITAS_SOURCE_CRASH = 14,
};
enum levitas_log_event {
	LEVITAS_LOG_STARTED = 1,
};
enum levitas_storage_event {
	LEVITAS_STORAGE_FORMATTED = 1,
	LEVITAS_STORAGE_KEY_SET,
	LEVITAS_STORAGE_KEY_ERASED,
	LEVITAS_STORAGE_CALIBRATED,
};

/** The bytes of an event of a source, without a value. */
void levitas_event_make(uint32_t source, uint32_t code, uint32_t unit, uint32_t cause, uint8_t says[LEVITAS_EVENT_BYTES]);

/**
 * The oldest event of a unit that waits to be written, and when it was seen, `time_ms` being now before the call; it waits until
 * levitas_event_written(). For the record thread.
 */
bool levitas_event_next(uint32_t unit, uint8_t says[LEVITAS_EVENT_BYTES], uint32_t *time_ms);
void levitas_event_written(uint32_t unit, const uint8_t says[LEVITAS_EVENT_BYTES]);

/** The record after the last one of a log, which may be null; see src/core/src/records. */
void levitas_event_record(const uint8_t *last, uint32_t start, uint32_t time_ms, const uint8_t says[LEVITAS_EVENT_BYTES],
			  uint8_t record[LEVITAS_EVENT_RECORD_BYTES]);
void levitas_trend_record(const uint8_t *last, uint32_t start, uint32_t time_ms, uint32_t unit,
			  uint8_t record[LEVITAS_TREND_RECORD_BYTES]);

/** The same of a part of a unit's snapshot, from 0 on; false behind the last part, and while there is no snapshot. */
bool levitas_snapshot_record(const uint8_t *last, uint32_t start, uint32_t unit, uint32_t part,
			     uint8_t record[LEVITAS_SNAPSHOT_RECORD_BYTES]);

/** The next snapshot may be taken. */
void levitas_snapshot_release(uint32_t unit);

/** How a record follows the one before; what is more than LEVITAS_STEP_GAP is missing between them. */
enum levitas_record_step {
	LEVITAS_STEP_FIRST,
	LEVITAS_STEP_LINKED,
	/** The next number, but not written after the one before. */
	LEVITAS_STEP_BROKEN,
	/** No higher number. */
	LEVITAS_STEP_BACK,
	LEVITAS_STEP_GAP,
};
uint32_t levitas_event_step(const uint8_t *before, const uint8_t record[LEVITAS_EVENT_RECORD_BYTES]);

/** What the event after this one carries. */
void levitas_event_link(const uint8_t record[LEVITAS_EVENT_RECORD_BYTES], uint8_t link[LEVITAS_LINK_BYTES]);

/** Room for a record as one line. */
#define LEVITAS_RECORD_TEXT_BYTES 384
void levitas_event_text(const uint8_t *record, char *text, size_t size);
void levitas_trend_text(const uint8_t *record, char *text, size_t size);

/** Room for what a start found. */
#define LEVITAS_START_BYTES 128

/** Why a unit started, what was kept of the time before, and what followed from that, in one line. */
void levitas_start_text(uint32_t unit, char *text, size_t size);

/** Room for the state of a unit, for what its guide for priming says, and for a line of its self-test. */
#define LEVITAS_STATE_BYTES     256
#define LEVITAS_PRIMING_BYTES   320
#define LEVITAS_SELF_TEST_BYTES 192

/** The state of a unit by its name, and why a therapy is degraded or a lift-off refused, in one line. */
void levitas_state_text(uint32_t unit, char *text, size_t size);

/** Where the guide for priming of a unit stands and what it waits for, in one line. */
void levitas_priming_text(uint32_t unit, char *text, size_t size);

/** The self-test of a unit: line 0 is how it stands, each other one an item; false behind the last. */
bool levitas_self_test_text(uint32_t unit, uint32_t line, char *text, size_t size);

/** Latest status of a unit; a state that cannot be read has a code outside its enum. */
void levitas_status_read(uint32_t unit, struct levitas_unit_status *status);

/** Room for the names of all faults at once. */
#define LEVITAS_FAULT_NAMES_BYTES 416

/** Names of faults, with a comma between them; "..." at the end of a text that did not fit. */
void levitas_fault_names(uint32_t faults, char *text, size_t size);

/** Reads both places of a unit's calibration record as the next start would. */
void levitas_calibration_read(uint32_t unit, struct levitas_calibration *calibration);

/**
 * Makes a record of what the last commissioning found and writes it to both places. One line says what became of it;
 * 0: it is in both, 1: in one, 2: nobody knows before the next start, -1: nothing was written that counts. From a
 * background thread only.
 */
int levitas_calibration_store(uint32_t unit, char *text, size_t size);

/** Bytes of a command key. */
#define LEVITAS_KEY_BYTES 16

/** One line about the command key of a unit: set with its check value, not set, or why it is refused. True when one is stored. */
bool levitas_key_read(uint32_t unit, char *text, size_t size);

/**
 * Stores a command key, for the next start on; 0, or a negative errno with one line that says why not. Refused when there is one. From a
 * background thread only, in standby.
 */
int levitas_key_store(uint32_t unit, const uint8_t key[LEVITAS_KEY_BYTES], char *text, size_t size);

/** Deletes the command key of a unit, which refuses every command from now on; 0 or a negative errno. Likewise. */
int levitas_key_delete(uint32_t unit);

/** The unit refuses every command from now on. */
void levitas_key_revoke(uint32_t unit);

/** Kinds of refusals of the link. */
#define LEVITAS_LINK_REFUSALS 17

/** What a unit's link task says of itself; mirrors LinkView. */
struct levitas_link {
	uint32_t time_ms;
	uint32_t alarms;
	uint32_t commands_admitted;
	/** By kind, since the start. */
	uint32_t refused[LEVITAS_LINK_REFUSALS];
	/** The last command of the link that the supervisor has looked at, and its result: 0 accepted, else a refusal. */
	uint32_t remote_number;
	uint32_t remote_result;
};

/** Latest news of a unit's link task; zeros before there are any. */
void levitas_link_read(uint32_t unit, struct levitas_link *link);

/** Name of a kind of refusal; false behind the last one. */
bool levitas_link_refusal_name(uint32_t kind, char *text, size_t size);

/** How far the last commissioning of a unit is; false when there was none. */
bool levitas_commissioning_read(uint32_t unit, struct levitas_commissioning *commissioning);

/** A value of a commissioning; the first LEVITAS_CALIBRATION_VALUES are those of a record. False behind the last. */
bool levitas_field_read(uint32_t index, struct levitas_field *field);

/** A command of the link as it is before it is signed; mirrors SignedCommand. */
struct levitas_signed_command {
	uint8_t key[LEVITAS_KEY_BYTES];
	/** enum levitas_unit: to whom. */
	uint32_t unit;
	uint32_t session;
	uint32_t sequence;
	uint32_t expires_ms;
	/** enum levitas_command_kind */
	uint32_t kind;
	float value;
};

/** The bytes of a genuine command, for tests; false when it cannot be sent as asked. */
bool levitas_command_sign(const struct levitas_signed_command *command, uint8_t bytes[32]);

/** Builds the simulated plant; 0 or -1. Before the threads start. */
int levitas_world_start(void);

/** State of the simulated plant; not for the levitation thread. */
void levitas_world_truth(struct levitas_truth *truth);

/** The calibration that is right for the simulated plant: LEVITAS_CALIBRATION_VALUES values. */
void levitas_world_calibration(float *values);

/** Begins a force step now; not for the levitation thread. */
void levitas_world_force_step(const struct levitas_force_step *step);

/** Clamps the return line of the simulated circuit for good. */
void levitas_world_clamp_return_line(void);

/** State of the simulated warming device. */
void levitas_world_warming_truth(struct levitas_warming_truth *truth);

/** Heater and relay of the control conduct for good, whatever they are told; or all of the device is whole. */
void levitas_world_heater_stuck(bool stuck);

/** Mains of the unit of a set are gone, or there; what else was broken in it is whole then. */
void levitas_world_mains(uint32_t set, bool there);

/** The cut-out's button is held, or let go. */
void levitas_world_cut_out_press(bool pressed);

/** Replays recorded samples through a levitation task of its own, for the bit-identity test; 0 or -1. */
int levitas_replay(const struct levitas_levitation_inputs *inputs, struct levitas_levitation_outputs *outputs,
		   uint32_t count);

/** All members as Rust sees them; and those of the warming device, and of mains and battery. */
size_t levitas_layout(const struct levitas_layout_row **rows);
size_t levitas_warming_layout(const struct levitas_layout_row **rows);
size_t levitas_power_layout(const struct levitas_layout_row **rows);

#endif /* LEVITAS_SHIM_H_ */
