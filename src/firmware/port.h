/* SPDX-License-Identifier: Apache-2.0 */
/** @file What the thread table needs of the devices. */
#ifndef LEVITAS_PORT_H_
#define LEVITAS_PORT_H_

#include <levitas/hall_displacement.h>

/** 0 when every device is ready that holds and turns the rotor, else -ENODEV. Names each device of the unit that is not. */
int levitas_port_check(uint32_t unit);

/** Starts the unit's levitation trigger. */
int levitas_port_start(uint32_t unit, levitas_hall_displacement_handler handler, void *user_data);
/** 0, or the error of the motor's gate driver for which the unit is not ready (levitas/gate_driver.h); -ENODEV: it has not started. */
int levitas_port_gate_driver_error(uint32_t unit);


#endif /* LEVITAS_PORT_H_ */
