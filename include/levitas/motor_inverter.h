/* SPDX-License-Identifier: Apache-2.0 */
/** @file Motor inverter: three half bridges with phase current sensors and the DC bus voltage. */
#ifndef LEVITAS_MOTOR_INVERTER_H_
#define LEVITAS_MOTOR_INVERTER_H_

#include <stdbool.h>
#include <zephyr/device.h>

/** One command; takes effect at the next PWM update. */
struct levitas_motor_inverter_command {
	/** On-time of the upper switches A, B, C, 0 to 1. */
	float duty[3];
	/** True: the bridges switch. False: all switches open. */
	bool gate;
};

/** One sample of the phase currents. */
struct levitas_motor_inverter_sample {
	/** Currents of the phases A, B, C into the motor [A]. */
	float phase_current_a[3];
};

/** @cond driver */
struct levitas_motor_inverter_api {
	int (*apply)(const struct device *dev, const struct levitas_motor_inverter_command *command);
	int (*fetch)(const struct device *dev, struct levitas_motor_inverter_sample *sample);
	int (*fetch_bus_voltage)(const struct device *dev, float *voltage_v);
};
/** @endcond */

/**
 * Applies a command. A duty beyond 0 to 1 is limited to it. -EINVAL: a duty is not a number; the gates open. -EIO: the
 * gates are open and stay so, because the gate driver has failed since the last command without gate, or because no
 * sample has been taken yet.
 */
static inline int levitas_motor_inverter_apply(const struct device *dev,
					       const struct levitas_motor_inverter_command *command)
{
	const struct levitas_motor_inverter_api *api = dev->api;

	return api->apply(dev, command);
}

/** Takes the latest phase currents. -EIO: the sensor does not vouch for them, -ERANGE: outside its range. */
static inline int levitas_motor_inverter_fetch(const struct device *dev,
					       struct levitas_motor_inverter_sample *sample)
{
	const struct levitas_motor_inverter_api *api = dev->api;

	return api->fetch(dev, sample);
}

/** Takes the latest DC bus voltage [V]. -EIO: the sensor does not vouch for it, -ERANGE: outside its range. */
static inline int levitas_motor_inverter_fetch_bus_voltage(const struct device *dev, float *voltage_v)
{
	const struct levitas_motor_inverter_api *api = dev->api;

	return api->fetch_bus_voltage(dev, voltage_v);
}

#endif /* LEVITAS_MOTOR_INVERTER_H_ */
