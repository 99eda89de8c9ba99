/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated motor inverter: duties and gate are latched in the plant, currents are those of its last sample. */
#define DT_DRV_COMPAT levitas_sim_motor_inverter

#include <levitas/motor_inverter.h>
#include <levitas/units.h>
#include <levitas/world.h>
#include <zephyr/kernel.h>

struct motor_inverter_config {
	uint32_t set;
	float current_range_a;
	float bus_voltage_max_v;
};

static int motor_inverter_apply(const struct device *dev, const struct levitas_motor_inverter_command *command)
{
	static const float no_duty[3];
	const struct motor_inverter_config *config = dev->config;
	float duty[ARRAY_SIZE(command->duty)];

	for (size_t i = 0; i < ARRAY_SIZE(duty); i++) {
		/* The compiler's own: Zephyr's minimal C library, which QEMU's image uses, has no isnan. */
		if (__builtin_isnan(command->duty[i])) {
			levitas_world_latch_phase(config->set, no_duty, false);
			return -EINVAL;
		}
		duty[i] = CLAMP(command->duty[i], 0.0f, 1.0f);
	}
	levitas_world_latch_phase(config->set, duty, command->gate);
	return 0;
}

static int motor_inverter_fetch(const struct device *dev, struct levitas_motor_inverter_sample *sample)
{
	const struct motor_inverter_config *config = dev->config;

	if (!levitas_world_phase_current(config->set, sample->phase_current_a)) {
		return -EIO;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sample->phase_current_a); i++) {
		if (!(sample->phase_current_a[i] >= -config->current_range_a &&
		      sample->phase_current_a[i] <= config->current_range_a)) {
			return -ERANGE;
		}
	}
	return 0;
}

static int motor_inverter_fetch_bus_voltage(const struct device *dev, float *voltage_v)
{
	const struct motor_inverter_config *config = dev->config;

	if (!levitas_world_bus_voltage(config->set, voltage_v)) {
		return -EIO;
	}
	return (*voltage_v >= 0.0f && *voltage_v <= config->bus_voltage_max_v) ? 0 : -ERANGE;
}

static const struct levitas_motor_inverter_api motor_inverter_api = {
	.apply = motor_inverter_apply,
	.fetch = motor_inverter_fetch,
	.fetch_bus_voltage = motor_inverter_fetch_bus_voltage,
};

#define MOTOR_INVERTER_DEFINE(inst)                                                                                    \
	static const struct motor_inverter_config motor_inverter_config_##inst = {                                     \
		.set = DT_INST_ENUM_IDX(inst, winding_set),                                                            \
		.current_range_a = LEVITAS_UNIT_PER_MICRO * DT_INST_PROP(inst, current_range_microamp),                \
		.bus_voltage_max_v = LEVITAS_UNIT_PER_MICRO * DT_INST_PROP(inst, bus_voltage_max_microvolt),           \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, NULL, NULL, NULL, &motor_inverter_config_##inst, POST_KERNEL,                      \
			      CONFIG_KERNEL_INIT_PRIORITY_DEVICE, &motor_inverter_api);

DT_INST_FOREACH_STATUS_OKAY(MOTOR_INVERTER_DEFINE)
