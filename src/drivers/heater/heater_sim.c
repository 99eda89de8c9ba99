/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated heater: commands are latched in the plant, a sample is taken of it when it is asked for. */
#define DT_DRV_COMPAT levitas_sim_heater

#include <levitas/heater.h>
#include <levitas/world.h>
#include <zephyr/kernel.h>

static int heater_apply(const struct device *dev, const struct levitas_heater_command *command)
{
	static const float no_duty;
	float duty;

	ARG_UNUSED(dev);
	if (__builtin_isnan(command->duty)) {
		levitas_world_latch_heater(&no_duty, false, command->water_pump, command->alive);
		return -EINVAL;
	}
	duty = CLAMP(command->duty, 0.0f, 1.0f);
	levitas_world_latch_heater(&duty, command->relay, command->water_pump, command->alive);
	return 0;
}

static int heater_fetch(const struct device *dev, struct levitas_heater_sample *sample)
{
	ARG_UNUSED(dev);
	return levitas_world_heater(sample) ? 0 : -EIO;
}

static const struct levitas_heater_api heater_api = {
	.apply = heater_apply,
	.fetch = heater_fetch,
};

#define HEATER_DEFINE(inst)                                                                                            \
	DEVICE_DT_INST_DEFINE(inst, NULL, NULL, NULL, NULL, POST_KERNEL, CONFIG_KERNEL_INIT_PRIORITY_DEVICE,           \
			      &heater_api);

DT_INST_FOREACH_STATUS_OKAY(HEATER_DEFINE)
