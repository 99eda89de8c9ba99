/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated ultrasonic flow meter: the shots that the plant published last. */
#define DT_DRV_COMPAT levitas_sim_flow_meter

#include <levitas/flow_meter.h>
#include <levitas/units.h>
#include <levitas/world.h>
#include <zephyr/kernel.h>

struct flow_meter_config {
	float transit_min_s;
	float transit_max_s;
};

struct flow_meter_data {
	/* Number of the batch that was fetched last. */
	uint32_t number;
};

static bool in_window(const struct flow_meter_config *config, float transit_s)
{
	/* False for a NaN, too. */
	return transit_s >= config->transit_min_s && transit_s <= config->transit_max_s;
}

static int flow_meter_fetch(const struct device *dev, struct levitas_flow_shot shots[LEVITAS_FLOW_SHOTS_MAX])
{
	const struct flow_meter_config *config = dev->config;
	struct flow_meter_data *data = dev->data;
	struct levitas_world_flow_batch batch;
	uint32_t count;

	if (!levitas_world_flow(&batch)) {
		return -EIO;
	}
	if (batch.number == data->number) {
		return 0;
	}
	data->number = batch.number;
	count = MIN(batch.count, LEVITAS_FLOW_SHOTS_MAX);
	for (uint32_t i = 0; i < count; i++) {
		const struct levitas_flow_shot *shot = &batch.shots[i];
		const bool is_echo = in_window(config, shot->transit_up_s) && in_window(config, shot->transit_down_s);

		shots[i] = is_echo ? *shot : (struct levitas_flow_shot){0};
	}
	return count;
}

static const struct levitas_flow_meter_api flow_meter_api = {
	.fetch = flow_meter_fetch,
};

#define FLOW_METER_DEFINE(inst)                                                                                        \
	static const struct flow_meter_config flow_meter_config_##inst = {                                             \
		.transit_min_s = LEVITAS_UNIT_PER_MICRO * DT_INST_PROP(inst, transit_min_us),                          \
		.transit_max_s = LEVITAS_UNIT_PER_MICRO * DT_INST_PROP(inst, transit_max_us),                          \
	};                                                                                                             \
	static struct flow_meter_data flow_meter_data_##inst;                                                          \
	DEVICE_DT_INST_DEFINE(inst, NULL, NULL, &flow_meter_data_##inst, &flow_meter_config_##inst, POST_KERNEL,       \
			      CONFIG_KERNEL_INIT_PRIORITY_DEVICE, &flow_meter_api);

DT_INST_FOREACH_STATUS_OKAY(FLOW_METER_DEFINE)
