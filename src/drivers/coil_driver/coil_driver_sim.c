/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated coil driver: duties and gate are latched in the plant, currents are those of its last sample. */
#define DT_DRV_COMPAT levitas_sim_coil_driver

#include <levitas/coil_driver.h>
#include <levitas/units.h>
#include <levitas/world.h>
#include <zephyr/kernel.h>

struct coil_driver_config {
	uint32_t set;
	float current_range_a;
};

static int coil_driver_apply(const struct device *dev, const struct levitas_coil_driver_command *command)
{
	static const float no_duty[2];
	const struct coil_driver_config *config = dev->config;
	float duty[ARRAY_SIZE(command->duty)];

	for (size_t i = 0; i < ARRAY_SIZE(duty); i++) {
		/* The compiler's own: Zephyr's minimal C library, which QEMU's image uses, has no isnan. */
		if (__builtin_isnan(command->duty[i])) {
			levitas_world_latch_coil(config->set, no_duty, false, false, false);
			return -EINVAL;
		}
		duty[i] = CLAMP(command->duty[i], -1.0f, 1.0f);
	}
	levitas_world_latch_coil(config->set, duty, command->gate, command->drive_line, command->latch_override);
	return 0;
}

static int coil_driver_fetch(const struct device *dev, struct levitas_coil_driver_sample *sample)
{
	const struct coil_driver_config *config = dev->config;

	sample->pair = levitas_world_pair(config->set);
	if (!levitas_world_coil_current(config->set, sample->current_a)) {
		return -EIO;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sample->current_a); i++) {
		if (!(sample->current_a[i] >= -config->current_range_a &&
		      sample->current_a[i] <= config->current_range_a)) {
			return -ERANGE;
		}
	}
	return 0;
}

static const struct levitas_coil_driver_api coil_driver_api = {
	.apply = coil_driver_apply,
	.fetch = coil_driver_fetch,
};

#define COIL_DRIVER_DEFINE(inst)                                                                                       \
	static const struct coil_driver_config coil_driver_config_##inst = {                                           \
		.set = DT_INST_ENUM_IDX(inst, winding_set),                                                            \
		.current_range_a = LEVITAS_UNIT_PER_MICRO * DT_INST_PROP(inst, current_range_microamp),                \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, NULL, NULL, NULL, &coil_driver_config_##inst, POST_KERNEL,                         \
			      CONFIG_KERNEL_INIT_PRIORITY_DEVICE, &coil_driver_api);

DT_INST_FOREACH_STATUS_OKAY(COIL_DRIVER_DEFINE)
