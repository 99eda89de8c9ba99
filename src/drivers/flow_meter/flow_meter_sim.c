/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated ultrasonic flow meter: the transit times that the plant published last. */
#define DT_DRV_COMPAT levitas_sim_flow_meter

#include <levitas/flow_meter.h>
#include <levitas/units.h>
#include <levitas/world.h>
#include <zephyr/kernel.h>

struct flow_meter_config {
	float transit_min_s;
	float transit_max_s;
};

static bool in_window(const struct flow_meter_config *config, float transit_s)
{
	/* False for a NaN, too. */
	return transit_s >= config->transit_min_s && transit_s <= config->transit_max_s;
}

static int flow_meter_fetch(const struct device *dev, struct levitas_flow_meter_sample *sample)
{
	const struct flow_meter_config *config = dev->config;

	if (!levitas_world_flow(&sample->transit_up_s, &sample->transit_down_s, &sample->amplitude)) {
		return -EIO;
	}
	return (in_window(config, sample->transit_up_s) && in_window(config, sample->transit_down_s)) ? 0 : -ERANGE;
}

static const struct levitas_flow_meter_api flow_meter_api = {
	.fetch = flow_meter_fetch,
};

#define FLOW_METER_DEFINE(inst)                                                                                        \
	static const struct flow_meter_config flow_meter_config_##inst = {                                             \
		.transit_min_s = LEVITAS_UNIT_PER_MICRO * DT_INST_PROP(inst, transit_min_us),                          \
		.transit_max_s = LEVITAS_UNIT_PER_MICRO * DT_INST_PROP(inst, transit_max_us),                          \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, NULL, NULL, NULL, &flow_meter_config_##inst, POST_KERNEL,                          \
			      CONFIG_KERNEL_INIT_PRIORITY_DEVICE, &flow_meter_api);

DT_INST_FOREACH_STATUS_OKAY(FLOW_METER_DEFINE)
