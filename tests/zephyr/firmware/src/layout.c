/* SPDX-License-Identifier: Apache-2.0 */
/* Every struct that crosses the border between C and Rust has the same members at the same places on both sides. */

#include <levitas/world.h>
#include <stddef.h>
#include <string.h>
#include <zephyr/ztest.h>

#include "shim.h"

#define RECORD(record)                                                                                                 \
	{                                                                                                              \
		#record, "", 0, sizeof(struct record)                                                                  \
	}
#define MEMBER(record, member)                                                                                         \
	{                                                                                                              \
		#record, #member, offsetof(struct record, member), sizeof(((struct record *)0)->member)                \
	}

static const struct levitas_layout_row rows_of_c[] = {
	RECORD(levitas_levitation_inputs),
	MEMBER(levitas_levitation_inputs, displacement_hall_v),
	MEMBER(levitas_levitation_inputs, angle_hall_v),
	MEMBER(levitas_levitation_inputs, coil_current_a),
	MEMBER(levitas_levitation_inputs, phase_current_a),
	MEMBER(levitas_levitation_inputs, bus_voltage_v),
	MEMBER(levitas_levitation_inputs, sample_count),
	MEMBER(levitas_levitation_inputs, valid),
	MEMBER(levitas_levitation_inputs, pair),
	RECORD(levitas_levitation_outputs),
	MEMBER(levitas_levitation_outputs, coil_duty),
	MEMBER(levitas_levitation_outputs, phase_duty),
	MEMBER(levitas_levitation_outputs, coil_gate),
	MEMBER(levitas_levitation_outputs, phase_gate),
	MEMBER(levitas_levitation_outputs, drive_line),
	MEMBER(levitas_levitation_outputs, latch_override),
	RECORD(levitas_circulation_inputs),
	MEMBER(levitas_circulation_inputs, shots),
	MEMBER(levitas_circulation_inputs, ecg_mv),
	MEMBER(levitas_circulation_inputs, drainage_pressure_mmhg),
	MEMBER(levitas_circulation_inputs, pre_membrane_pressure_mmhg),
	MEMBER(levitas_circulation_inputs, return_pressure_mmhg),
	MEMBER(levitas_circulation_inputs, shot_count),
	MEMBER(levitas_circulation_inputs, valid),
	RECORD(levitas_flow_shot),
	MEMBER(levitas_flow_shot, transit_up_s),
	MEMBER(levitas_flow_shot, transit_down_s),
	MEMBER(levitas_flow_shot, amplitude),
	RECORD(levitas_world_flow_batch),
	MEMBER(levitas_world_flow_batch, number),
	MEMBER(levitas_world_flow_batch, count),
	MEMBER(levitas_world_flow_batch, shots),
	RECORD(levitas_world_ecg_batch),
	MEMBER(levitas_world_ecg_batch, number),
	MEMBER(levitas_world_ecg_batch, ecg_mv),
	RECORD(levitas_unit_status),
	MEMBER(levitas_unit_status, state),
	MEMBER(levitas_unit_status, bearing_state),
	MEMBER(levitas_unit_status, displacement_m),
	MEMBER(levitas_unit_status, coil_current_a),
	MEMBER(levitas_unit_status, speed_setpoint_rpm),
	MEMBER(levitas_unit_status, speed_rpm),
	MEMBER(levitas_unit_status, torque_current_a),
	MEMBER(levitas_unit_status, bus_voltage_v),
	MEMBER(levitas_unit_status, flow_lpm),
	MEMBER(levitas_unit_status, drainage_pressure_mmhg),
	MEMBER(levitas_unit_status, pre_membrane_pressure_mmhg),
	MEMBER(levitas_unit_status, return_pressure_mmhg),
	MEMBER(levitas_unit_status, flow_valid),
	MEMBER(levitas_unit_status, pressures_valid),
	MEMBER(levitas_unit_status, touchdown_count),
	MEMBER(levitas_unit_status, missed_samples),
	MEMBER(levitas_unit_status, limits),
	MEMBER(levitas_unit_status, faults),
	MEMBER(levitas_unit_status, mode),
	MEMBER(levitas_unit_status, flow_target_lpm),
	MEMBER(levitas_unit_status, conditions),
	MEMBER(levitas_unit_status, command_number),
	MEMBER(levitas_unit_status, command_result),
	RECORD(levitas_command),
	MEMBER(levitas_command, kind),
	MEMBER(levitas_command, value),
	RECORD(levitas_calibration_copy),
	MEMBER(levitas_calibration_copy, state),
	MEMBER(levitas_calibration_copy, sequence),
	MEMBER(levitas_calibration_copy, values),
	MEMBER(levitas_calibration_copy, reason),
	RECORD(levitas_calibration),
	MEMBER(levitas_calibration, copies),
	MEMBER(levitas_calibration, place),
	MEMBER(levitas_calibration, start_place),
	MEMBER(levitas_calibration, start_sequence),
	RECORD(levitas_link),
	MEMBER(levitas_link, time_ms),
	MEMBER(levitas_link, alarms),
	MEMBER(levitas_link, commands_admitted),
	MEMBER(levitas_link, refused),
	MEMBER(levitas_link, remote_number),
	MEMBER(levitas_link, remote_result),
	RECORD(levitas_signed_command),
	MEMBER(levitas_signed_command, key),
	MEMBER(levitas_signed_command, unit),
	MEMBER(levitas_signed_command, session),
	MEMBER(levitas_signed_command, sequence),
	MEMBER(levitas_signed_command, expires_ms),
	MEMBER(levitas_signed_command, kind),
	MEMBER(levitas_signed_command, value),
	RECORD(levitas_field),
	MEMBER(levitas_field, name),
	MEMBER(levitas_field, min),
	MEMBER(levitas_field, max),
	RECORD(levitas_commissioning),
	MEMBER(levitas_commissioning, stage),
	MEMBER(levitas_commissioning, outcome),
	MEMBER(levitas_commissioning, values),
	MEMBER(levitas_commissioning, stage_name),
	MEMBER(levitas_commissioning, reason),
	RECORD(levitas_truth),
	MEMBER(levitas_truth, displacement_m),
	MEMBER(levitas_truth, speed_rpm),
	MEMBER(levitas_truth, flow_lpm),
	MEMBER(levitas_truth, head_mmhg),
	MEMBER(levitas_truth, touching),
	MEMBER(levitas_truth, touchdown_count),
	MEMBER(levitas_truth, periods),
	RECORD(levitas_force_step),
	MEMBER(levitas_force_step, force_n),
	MEMBER(levitas_force_step, angle_rad),
	MEMBER(levitas_force_step, duration_s),
	RECORD(levitas_can_frame),
	MEMBER(levitas_can_frame, id),
	MEMBER(levitas_can_frame, flags),
	MEMBER(levitas_can_frame, length),
	MEMBER(levitas_can_frame, reserved),
	MEMBER(levitas_can_frame, data),
	RECORD(levitas_layout_row),
	MEMBER(levitas_layout_row, record),
	MEMBER(levitas_layout_row, member),
	MEMBER(levitas_layout_row, offset),
	MEMBER(levitas_layout_row, size),
};

static void compare(const struct levitas_layout_row *rows_of_rust, size_t count, const struct levitas_layout_row *rows_of_c,
		    size_t count_of_c)
{
	zassert_equal(count, count_of_c, "%zu rows in Rust, %zu in C", count, count_of_c);
	for (size_t i = 0; i < count; i++) {
		const struct levitas_layout_row *c = &rows_of_c[i];
		const struct levitas_layout_row *rust = &rows_of_rust[i];

		zassert_str_equal(c->record, rust->record);
		zassert_str_equal(c->member, rust->member);
		zassert_equal(c->offset, rust->offset, "offset of %s.%s: C %u, Rust %u", c->record, c->member,
			      c->offset, rust->offset);
		zassert_equal(c->size, rust->size, "size of %s.%s: C %u, Rust %u", c->record, c->member, c->size,
			      rust->size);
	}
}

ZTEST(layout, test_c_and_rust_agree_on_every_member)
{
	const struct levitas_layout_row *rows_of_rust = NULL;
	const size_t count = levitas_layout(&rows_of_rust);

	compare(rows_of_rust, count, rows_of_c, ARRAY_SIZE(rows_of_c));
}

#if defined(CONFIG_LEVITAS_WARMING)

static const struct levitas_layout_row warming_rows_of_c[] = {
	RECORD(levitas_warming_inputs),
	MEMBER(levitas_warming_inputs, water_celsius),
	MEMBER(levitas_warming_inputs, blood_celsius),
	MEMBER(levitas_warming_inputs, heater_power_w),
	MEMBER(levitas_warming_inputs, leakage_ma),
	MEMBER(levitas_warming_inputs, water_flow_lpm),
	MEMBER(levitas_warming_inputs, water_level),
	MEMBER(levitas_warming_inputs, valid),
	RECORD(levitas_warming_outputs),
	MEMBER(levitas_warming_outputs, heater_duty),
	MEMBER(levitas_warming_outputs, heater_relay),
	MEMBER(levitas_warming_outputs, water_pump),
	MEMBER(levitas_warming_outputs, alive),
	RECORD(levitas_cut_out_inputs),
	MEMBER(levitas_cut_out_inputs, water_celsius),
	MEMBER(levitas_cut_out_inputs, blood_celsius),
	MEMBER(levitas_cut_out_inputs, reset),
	MEMBER(levitas_cut_out_inputs, valid),
	RECORD(levitas_cut_out_outputs),
	MEMBER(levitas_cut_out_outputs, permit),
	RECORD(levitas_heater_sample),
	MEMBER(levitas_heater_sample, power_w),
	MEMBER(levitas_heater_sample, leakage_ma),
	MEMBER(levitas_heater_sample, water_flow_lpm),
	MEMBER(levitas_heater_sample, water_level),
	RECORD(levitas_warming_truth),
	MEMBER(levitas_warming_truth, water_celsius),
	MEMBER(levitas_warming_truth, blood_celsius),
	MEMBER(levitas_warming_truth, heater_w),
	MEMBER(levitas_warming_truth, cut_out_closed),
};

ZTEST(layout, test_c_and_rust_agree_on_the_warming_device)
{
	const struct levitas_layout_row *rows_of_rust = NULL;
	const size_t count = levitas_warming_layout(&rows_of_rust);

	compare(rows_of_rust, count, warming_rows_of_c, ARRAY_SIZE(warming_rows_of_c));
}

#endif /* CONFIG_LEVITAS_WARMING */

#if defined(CONFIG_LEVITAS_POWER)

static const struct levitas_layout_row power_rows_of_c[] = {
	RECORD(levitas_power_inputs),
	MEMBER(levitas_power_inputs, mains_v),
	MEMBER(levitas_power_inputs, battery_v),
	MEMBER(levitas_power_inputs, battery_a),
	MEMBER(levitas_power_inputs, load_a),
	MEMBER(levitas_power_inputs, valid),
	RECORD(levitas_power_outputs),
	MEMBER(levitas_power_outputs, test_load),
	MEMBER(levitas_power_outputs, hold_charger),
	RECORD(levitas_power_sample),
	MEMBER(levitas_power_sample, mains_v),
	MEMBER(levitas_power_sample, battery_v),
	MEMBER(levitas_power_sample, battery_a),
	MEMBER(levitas_power_sample, load_a),
	MEMBER(levitas_power_sample, measured),
};

ZTEST(layout, test_c_and_rust_agree_on_mains_and_battery)
{
	const struct levitas_layout_row *rows_of_rust = NULL;
	const size_t count = levitas_power_layout(&rows_of_rust);

	compare(rows_of_rust, count, power_rows_of_c, ARRAY_SIZE(power_rows_of_c));
}

#endif /* CONFIG_LEVITAS_POWER */

ZTEST(layout, test_port_structs_have_no_padding)
{
	/* The recordings and the mailboxes take them as arrays of 32-bit words. */
	zassert_equal(sizeof(struct levitas_levitation_inputs), 15 * sizeof(uint32_t));
	zassert_equal(sizeof(struct levitas_levitation_outputs), 9 * sizeof(uint32_t));
	zassert_equal(sizeof(struct levitas_circulation_inputs), 45 * sizeof(uint32_t));
}

ZTEST_SUITE(layout, NULL, NULL, NULL, NULL, NULL);
