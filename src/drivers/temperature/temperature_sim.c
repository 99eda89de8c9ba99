/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated temperature sensor behind Zephyr's sensor API, which speaks degrees Celsius. */
#define DT_DRV_COMPAT levitas_sim_temperature

#include <levitas/world.h>
#include <zephyr/drivers/sensor.h>
#include <zephyr/kernel.h>

struct temperature_config {
	uint32_t site;
	float min_celsius;
	float max_celsius;
};

struct temperature_data {
	struct sensor_value celsius;
};

static int temperature_sample_fetch(const struct device *dev, enum sensor_channel channel)
{
	const struct temperature_config *config = dev->config;
	struct temperature_data *data = dev->data;
	float celsius;

	if (channel != SENSOR_CHAN_ALL && channel != SENSOR_CHAN_AMBIENT_TEMP) {
		return -ENOTSUP;
	}
	if (!levitas_world_temperature(config->site, &celsius)) {
		return -EIO;
	}
	/* Written so that a NaN fails it, too. */
	if (!(celsius >= config->min_celsius && celsius <= config->max_celsius)) {
		return -ERANGE;
	}
	return sensor_value_from_float(&data->celsius, celsius);
}

static int temperature_channel_get(const struct device *dev, enum sensor_channel channel, struct sensor_value *value)
{
	const struct temperature_data *data = dev->data;

	if (channel != SENSOR_CHAN_AMBIENT_TEMP) {
		return -ENOTSUP;
	}
	*value = data->celsius;
	return 0;
}

static const struct sensor_driver_api temperature_api = {
	.sample_fetch = temperature_sample_fetch,
	.channel_get = temperature_channel_get,
};

#define TEMPERATURE_DEFINE(inst)                                                                                       \
	static struct temperature_data temperature_data_##inst;                                                        \
	static const struct temperature_config temperature_config_##inst = {                                           \
		.site = DT_INST_ENUM_IDX(inst, site),                                                                  \
		.min_celsius = 1.0e-3f * DT_INST_PROP(inst, range_min_millicelsius),                                   \
		.max_celsius = 1.0e-3f * DT_INST_PROP(inst, range_max_millicelsius),                                   \
	};                                                                                                             \
	SENSOR_DEVICE_DT_INST_DEFINE(inst, NULL, NULL, &temperature_data_##inst, &temperature_config_##inst,           \
				     POST_KERNEL, CONFIG_SENSOR_INIT_PRIORITY, &temperature_api);

DT_INST_FOREACH_STATUS_OKAY(TEMPERATURE_DEFINE)
