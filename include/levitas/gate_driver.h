/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Gate driver of the motor's bridges, as its serial bus shows it.
 *
 * Each call but the check waits for the bus. What must be fast, PWM and fault input, are pins of the motor inverter.
 */
#ifndef LEVITAS_GATE_DRIVER_H_
#define LEVITAS_GATE_DRIVER_H_

#include <stdint.h>
#include <zephyr/device.h>
#include <zephyr/sys/util.h>

/** What a gate driver can report; letters are high and low switch of the phases A, B, C. */
enum levitas_gate_driver_fault {
	LEVITAS_GATE_FAULT_VDS_LC,
	LEVITAS_GATE_FAULT_VDS_HC,
	LEVITAS_GATE_FAULT_VDS_LB,
	LEVITAS_GATE_FAULT_VDS_HB,
	LEVITAS_GATE_FAULT_VDS_LA,
	LEVITAS_GATE_FAULT_VDS_HA,
	LEVITAS_GATE_FAULT_OVERTEMPERATURE,
	LEVITAS_GATE_FAULT_UNDERVOLTAGE,
	LEVITAS_GATE_FAULT_VGS_LC,
	LEVITAS_GATE_FAULT_VGS_HC,
	LEVITAS_GATE_FAULT_VGS_LB,
	LEVITAS_GATE_FAULT_VGS_HB,
	LEVITAS_GATE_FAULT_VGS_LA,
	LEVITAS_GATE_FAULT_VGS_HA,
	LEVITAS_GATE_FAULT_GATE_UNDERVOLTAGE,
	LEVITAS_GATE_FAULT_TEMPERATURE_WARNING,
	LEVITAS_GATE_FAULT_SHUNT_C,
	LEVITAS_GATE_FAULT_SHUNT_B,
	LEVITAS_GATE_FAULT_SHUNT_A,
	LEVITAS_GATE_FAULT_COUNT,
};

/** @cond driver */
struct levitas_gate_driver_api {
	int (*enable)(const struct device *dev, bool enable);
	int (*faults)(const struct device *dev, uint32_t *faults);
	int (*clear)(const struct device *dev);
	int (*check)(const struct device *dev);
};
/** @endcond */

/**
 * Wakes the chip and configures it, or puts it to sleep with all gates low; it is awake after start. Not while the motor
 * is driven. -ENODEV: there is none, -EIO: it does not take its configuration; it sleeps then.
 */
static inline int levitas_gate_driver_enable(const struct device *dev, bool enable)
{
	const struct levitas_gate_driver_api *api = dev->api;

	return api->enable(dev, enable);
}

/**
 * Takes the faults that are there or latched, BIT(enum levitas_gate_driver_fault). -EIO: the bus fails, or the chip has
 * lost its configuration; -EAGAIN: it sleeps.
 */
static inline int levitas_gate_driver_faults(const struct device *dev, uint32_t *faults)
{
	const struct levitas_gate_driver_api *api = dev->api;

	return api->faults(dev, faults);
}

/** Clears what is latched; what is still there comes back. -EIO, -EAGAIN as above. */
static inline int levitas_gate_driver_clear(const struct device *dev)
{
	const struct levitas_gate_driver_api *api = dev->api;

	return api->clear(dev);
}

/**
 * What the driver has found of itself three times in a row, 300 ms; waits for nothing. 0: no fault, and the configuration is its own.
 * -EFAULT: it reports more than a warning; -EIO, -EAGAIN as above; -ETIMEDOUT: it has not asked for a second.
 */
static inline int levitas_gate_driver_check(const struct device *dev)
{
	const struct levitas_gate_driver_api *api = dev->api;

	return api->check(dev);
}

/** Name of a fault for people; "?" beyond the last. */
const char *levitas_gate_driver_fault_name(enum levitas_gate_driver_fault fault);

#endif /* LEVITAS_GATE_DRIVER_H_ */
