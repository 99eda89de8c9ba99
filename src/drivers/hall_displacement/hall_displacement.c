/* SPDX-License-Identifier: Apache-2.0 */
/* Displacement Halls on four inputs of a sampler; the sampler's period is the trigger of the levitation task. */
#define DT_DRV_COMPAT levitas_hall_displacement

#include <levitas/hall_displacement.h>
#include <levitas/sampler.h>
#include <zephyr/kernel.h>

#include "../sampler/sampler_scale.h"

struct hall_displacement_config {
	const struct device *sampler;
	uint8_t channel[4];
	float v_per_count;
	float output_min_v;
	float output_max_v;
};

static int hall_displacement_start(const struct device *dev, levitas_hall_displacement_handler handler,
				   void *user_data)
{
	const struct hall_displacement_config *config = dev->config;

	return levitas_sampler_start(config->sampler, handler, user_data);
}

static int hall_displacement_fetch(const struct device *dev, struct levitas_hall_displacement_sample *sample)
{
	const struct hall_displacement_config *config = dev->config;
	const struct levitas_sampler_sample *counts = levitas_sampler_latest(config->sampler);
	int error = counts->error;

	sample->sample_count = counts->period;
	for (size_t i = 0; i < ARRAY_SIZE(sample->hall_v); i++) {
		const float hall_v = config->v_per_count * (float)counts->count[config->channel[i]];

		sample->hall_v[i] = hall_v;
		if (error == 0 && (hall_v < config->output_min_v || hall_v > config->output_max_v)) {
			error = -ERANGE;
		}
	}
	return error;
}

static int hall_displacement_init(const struct device *dev)
{
	const struct hall_displacement_config *config = dev->config;

	return device_is_ready(config->sampler) ? 0 : -ENODEV;
}

static const struct levitas_hall_displacement_api hall_displacement_api = {
	.start = hall_displacement_start,
	.fetch = hall_displacement_fetch,
};

#define CHECK(node)                                                                                                    \
	SAMPLER_CHECK_COUNT(node, 4);                                                                                  \
	BUILD_ASSERT(DT_PROP(node, output_min_millivolt) > 0 &&                                                        \
			     DT_PROP(node, output_min_millivolt) < DT_PROP(node, output_max_millivolt),                \
		     DT_NODE_PATH(node) ": output-min-millivolt is not between 0 and output-max-millivolt");           \
	BUILD_ASSERT(DT_PROP(node, output_max_millivolt) < SAMPLER_REFERENCE_MILLIVOLT(node),                          \
		     DT_NODE_PATH(node) ": output-max-millivolt is not below the reference of the sampler")

#define HALL_DISPLACEMENT_DEFINE(inst)                                                                                 \
	CHECK(DT_DRV_INST(inst));                                                                                      \
	static const struct hall_displacement_config hall_displacement_config_##inst = {                               \
		.sampler = SAMPLER_DEVICE(DT_DRV_INST(inst)),                                                          \
		.channel = SAMPLER_CHANNELS(DT_DRV_INST(inst)),                                                        \
		.v_per_count = SAMPLER_V_PER_COUNT(DT_DRV_INST(inst)),                                                 \
		.output_min_v = LEVITAS_UNIT_PER_MILLI * DT_INST_PROP(inst, output_min_millivolt),                     \
		.output_max_v = LEVITAS_UNIT_PER_MILLI * DT_INST_PROP(inst, output_max_millivolt),                     \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, hall_displacement_init, NULL, NULL, &hall_displacement_config_##inst, POST_KERNEL, \
			      CONFIG_KERNEL_INIT_PRIORITY_DEVICE, &hall_displacement_api);

DT_INST_FOREACH_STATUS_OKAY(HALL_DISPLACEMENT_DEFINE)
