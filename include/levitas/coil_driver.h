/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Coil driver: one full bridge per radial axis with its current sensor.
 *
 * The drive line leaves the unit through this device, because its gate fault must silence the line without help
 * of the firmware. So does the latch before the gates: it opens only while the own line lives and the other unit's is
 * released, and the device says what it reads of that line.
 */
#ifndef LEVITAS_COIL_DRIVER_H_
#define LEVITAS_COIL_DRIVER_H_

#include <stdbool.h>
#include <stdint.h>
#include <zephyr/device.h>

/** One command; takes effect at the next PWM update. */
struct levitas_coil_driver_command {
	/** Mean bridge voltage x, y as a fraction of the bus voltage, -1 to 1. */
	float duty[2];
	/** True: the bridges switch. False: all switches open, the current decays through the diodes. */
	bool gate;
	/** Level of the drive line; the unit that drives alternates it every period. */
	bool drive_line;
	/** True: the latch may open although the other unit's line is broken. */
	bool latch_override;
};

/** What the hardware of the pair says; bits of levitas_coil_driver_sample::pair. */
enum levitas_pair {
	/** Edges on the other unit's drive line: it drives the head. */
	LEVITAS_PAIR_LINE_EDGES = 1 << 0,
	/** Current on that line; without it the line is broken or not there. */
	LEVITAS_PAIR_LINE_CURRENT = 1 << 1,
	/** The carrier of the other winding set is in the own windings. */
	LEVITAS_PAIR_FOREIGN_RIPPLE = 1 << 2,
	/** The own gate is open. */
	LEVITAS_PAIR_GATE_OPEN = 1 << 3,
	/** The own gate driver has switched itself off. */
	LEVITAS_PAIR_GATE_FAULT = 1 << 4,
	/**
	 * A coil or a phase of the own set does not pass its test current: 50 mA at most, by a path of its own
	 * beside the bridges, and only while the own gate is shut.
	 */
	LEVITAS_PAIR_WINDING_OPEN = 1 << 5,
	/** Of that current some goes to the stator: an insulation has failed. */
	LEVITAS_PAIR_WINDING_LEAK = 1 << 6,
	/** That current has flowed: the two bits above say what has come of it. A device without the path never says so. */
	LEVITAS_PAIR_WINDING_TESTED = 1 << 7,
	/** Not of this device: what the motor's gate driver says of itself is a fault, or nothing that can be believed. */
	LEVITAS_PAIR_GATE_DOUBTED = 1 << 8,
};

/** One sample. */
struct levitas_coil_driver_sample {
	/** Coil currents x, y [A]; positive pulls the rotor toward the positive axis. */
	float current_a[2];
	/** Bits of enum levitas_pair; given also when the currents are not vouched for. */
	uint32_t pair;
};

/** @cond driver */
struct levitas_coil_driver_api {
	int (*apply)(const struct device *dev, const struct levitas_coil_driver_command *command);
	int (*fetch)(const struct device *dev, struct levitas_coil_driver_sample *sample);
};
/** @endcond */

/**
 * Applies a command. A duty beyond -1 to 1 is limited to it: losing the rotor would be worse.
 * -EINVAL: a duty is not a number; the gates open and the line falls silent. -EIO: the gates are open and stay so,
 * because a gate driver has failed since the last command without gate, or because no sample has been taken yet.
 */
static inline int levitas_coil_driver_apply(const struct device *dev,
					    const struct levitas_coil_driver_command *command)
{
	const struct levitas_coil_driver_api *api = dev->api;

	return api->apply(dev, command);
}

/** Takes the latest sample. -EIO: the sensor does not vouch for it, -ERANGE: it is outside the sensor's range. */
static inline int levitas_coil_driver_fetch(const struct device *dev, struct levitas_coil_driver_sample *sample)
{
	const struct levitas_coil_driver_api *api = dev->api;

	return api->fetch(dev, sample);
}

#endif /* LEVITAS_COIL_DRIVER_H_ */
