/* SPDX-License-Identifier: Apache-2.0 */
/** @file What the thread table needs of the devices. */
#ifndef LEVITAS_PORT_H_
#define LEVITAS_PORT_H_

#include <levitas/coil_driver.h>
#include <levitas/hall_displacement.h>
#include <levitas/motor_inverter.h>

/** 0 when every device is ready that holds and turns the rotor, else -ENODEV. Names each device of the unit that is not. */
int levitas_port_check(uint32_t unit);

/** 0, or the error of the motor's gate driver for which the unit is not ready (levitas/gate_driver.h); -ENODEV: it has not started. */
int levitas_port_gate_driver_error(uint32_t unit);

/** Starts the unit's levitation trigger. */
int levitas_port_start(uint32_t unit, levitas_hall_displacement_handler handler, void *user_data);

/** The bridges of a unit, with what the levitation task wants of them. */
struct levitas_port_bridges {
	const struct device *coil_driver;
	const struct device *motor_inverter;
	struct levitas_coil_driver_command *coil;
	struct levitas_motor_inverter_command *phase;
};

/** Changes what the task wants before the drivers get it, each period, in the levitation thread. */
typedef void (*levitas_port_trial)(uint32_t unit, const struct levitas_port_bridges *bridges);

/** Begins a trial of a bridge; NULL ends it. */
void levitas_port_try(levitas_port_trial trial);

#endif /* LEVITAS_PORT_H_ */
