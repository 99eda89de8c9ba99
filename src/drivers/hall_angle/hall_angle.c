/* SPDX-License-Identifier: Apache-2.0 */
/* Angle Halls on two inputs of a sampler. */
#define DT_DRV_COMPAT levitas_hall_angle

#include <levitas/hall_angle.h>
#include <levitas/sampler.h>
#include <zephyr/kernel.h>

#include "../sampler/sampler_scale.h"

struct hall_angle_config {
	const struct device *sampler;
	uint8_t channel[2];
	struct sampler_scale scale;
	float output_range_v;
};

static int hall_angle_fetch(const struct device *dev, struct levitas_hall_angle_sample *sample)
{
	const struct hall_angle_config *config = dev->config;
	const struct levitas_sampler_sample *counts = levitas_sampler_latest(config->sampler);
	int error = counts->error;

	for (size_t i = 0; i < ARRAY_SIZE(sample->hall_v); i++) {
		sample->hall_v[i] = sampler_to_unit(&config->scale, counts->count[config->channel[i]]);
		if (error == 0 &&
		    (sample->hall_v[i] < -config->output_range_v || sample->hall_v[i] > config->output_range_v)) {
			error = -ERANGE;
		}
	}
	return error;
}

static int hall_angle_init(const struct device *dev)
{
	const struct hall_angle_config *config = dev->config;

	return device_is_ready(config->sampler) ? 0 : -ENODEV;
}

static const struct levitas_hall_angle_api hall_angle_api = {
	.fetch = hall_angle_fetch,
};

#define CHECK(node)                                                                                                    \
	SAMPLER_CHECK_COUNT(node, 2);                                                                                  \
	BUILD_ASSERT(DT_PROP(node, output_range_millivolt) > 0,                                                        \
		     DT_NODE_PATH(node) ": output-range-millivolt is zero");                                           \
	BUILD_ASSERT(DT_PROP(node, output_range_millivolt) < SAMPLER_ROOM_MILLIVOLT(node),                             \
		     DT_NODE_PATH(node) ": output-range-millivolt about mid-millivolt leaves the range of the sampler")

#define HALL_ANGLE_DEFINE(inst)                                                                                        \
	CHECK(DT_DRV_INST(inst));                                                                                      \
	static const struct hall_angle_config hall_angle_config_##inst = {                                             \
		.sampler = SAMPLER_DEVICE(DT_DRV_INST(inst)),                                                          \
		.channel = SAMPLER_CHANNELS(DT_DRV_INST(inst)),                                                        \
		.scale =                                                                                               \
			{                                                                                              \
				.unit_per_count = SAMPLER_V_PER_COUNT(DT_DRV_INST(inst)),                              \
				.offset = LEVITAS_UNIT_PER_MILLI * DT_INST_PROP(inst, mid_millivolt),                  \
			},                                                                                             \
		.output_range_v = LEVITAS_UNIT_PER_MILLI * DT_INST_PROP(inst, output_range_millivolt),                 \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, hall_angle_init, NULL, NULL, &hall_angle_config_##inst, POST_KERNEL,               \
			      CONFIG_KERNEL_INIT_PRIORITY_DEVICE, &hall_angle_api);

DT_INST_FOREACH_STATUS_OKAY(HALL_ANGLE_DEFINE)
