/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simulated pressure transducer behind Zephyr's sensor API.
 *
 * SENSOR_CHAN_PRESS is kilopascal by definition, so the plant's mmHg are converted here and converted back by
 * the reader; the sensor_value resolves 1 mPa.
 */
#define DT_DRV_COMPAT levitas_sim_pressure

#include <levitas/units.h>
#include <levitas/world.h>
#include <zephyr/drivers/sensor.h>
#include <zephyr/kernel.h>

struct pressure_config {
	uint32_t site;
	float range_mmhg;
};

struct pressure_data {
	struct sensor_value pressure_kpa;
};

static int pressure_sample_fetch(const struct device *dev, enum sensor_channel channel)
{
	const struct pressure_config *config = dev->config;
	struct pressure_data *data = dev->data;
	float pressure_mmhg;

	if (channel != SENSOR_CHAN_ALL && channel != SENSOR_CHAN_PRESS) {
		return -ENOTSUP;
	}
	if (!levitas_world_pressure(config->site, &pressure_mmhg)) {
		return -EIO;
	}
	/* Written so that a NaN fails it, too. */
	if (!(pressure_mmhg >= -config->range_mmhg && pressure_mmhg <= config->range_mmhg)) {
		return -ERANGE;
	}
	return sensor_value_from_float(&data->pressure_kpa, pressure_mmhg * LEVITAS_KPA_PER_MMHG);
}

static int pressure_channel_get(const struct device *dev, enum sensor_channel channel, struct sensor_value *value)
{
	const struct pressure_data *data = dev->data;

	if (channel != SENSOR_CHAN_PRESS) {
		return -ENOTSUP;
	}
	*value = data->pressure_kpa;
	return 0;
}

static const struct sensor_driver_api pressure_api = {
	.sample_fetch = pressure_sample_fetch,
	.channel_get = pressure_channel_get,
};

#define PRESSURE_DEFINE(inst)                                                                                          \
	static struct pressure_data pressure_data_##inst;                                                              \
	static const struct pressure_config pressure_config_##inst = {                                                 \
		.site = DT_INST_ENUM_IDX(inst, site),                                                                  \
		.range_mmhg = DT_INST_PROP(inst, range_mmhg),                                                          \
	};                                                                                                             \
	SENSOR_DEVICE_DT_INST_DEFINE(inst, NULL, NULL, &pressure_data_##inst, &pressure_config_##inst, POST_KERNEL,    \
				     CONFIG_SENSOR_INIT_PRIORITY, &pressure_api);

DT_INST_FOREACH_STATUS_OKAY(PRESSURE_DEFINE)
