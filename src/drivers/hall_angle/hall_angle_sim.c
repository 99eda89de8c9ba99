/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated angle Halls: the sample that the displacement trigger took of the plant. */
#define DT_DRV_COMPAT levitas_sim_hall_angle

#include <levitas/hall_angle.h>
#include <levitas/units.h>
#include <levitas/world.h>
#include <zephyr/kernel.h>

struct hall_angle_config {
	uint32_t set;
	float output_range_v;
};

static int hall_angle_fetch(const struct device *dev, struct levitas_hall_angle_sample *sample)
{
	const struct hall_angle_config *config = dev->config;

	if (!levitas_world_angle_hall(config->set, sample->hall_v)) {
		return -EIO;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sample->hall_v); i++) {
		/* Written so that a NaN fails it, too. */
		if (!(sample->hall_v[i] >= -config->output_range_v && sample->hall_v[i] <= config->output_range_v)) {
			return -ERANGE;
		}
	}
	return 0;
}

static const struct levitas_hall_angle_api hall_angle_api = {
	.fetch = hall_angle_fetch,
};

#define HALL_ANGLE_DEFINE(inst)                                                                                        \
	static const struct hall_angle_config hall_angle_config_##inst = {                                             \
		.set = DT_INST_ENUM_IDX(inst, winding_set),                                                            \
		.output_range_v = LEVITAS_UNIT_PER_MICRO * DT_INST_PROP(inst, output_range_microvolt),                 \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, NULL, NULL, NULL, &hall_angle_config_##inst, POST_KERNEL,                          \
			      CONFIG_KERNEL_INIT_PRIORITY_DEVICE, &hall_angle_api);

DT_INST_FOREACH_STATUS_OKAY(HALL_ANGLE_DEFINE)
