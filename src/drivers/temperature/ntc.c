/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thermistor under a pull-up behind Zephyr's sensor API.
 *
 * 1 / T = A + B ln R + C (ln R)^3 through three points of its data sheet; Steinhart and Hart, Deep-Sea Research 15
 * (1968) 497. It is written in differences from the first point, so that single precision is enough: with y = 1 / T,
 * l = ln R
 *
 *   y = y0 + (l - l0) (b + c (l - l1) (l + l0 + l1))
 *   b = (y1 - y0) / (l1 - l0)
 *   c = ((y2 - y0) / (l2 - l0) - b) / ((l2 - l1) (l2 + l0 + l1))
 */
#define DT_DRV_COMPAT levitas_ntc

#include <zephyr/drivers/sensor.h>
#include <zephyr/kernel.h>

#include "../analog.h"

#define POINTS               3
#define KELVIN_OF_ZERO_C     273.15f
#define LN_2                 0.69314718f
/* Layout of a single-precision number, IEEE 754. */
#define FRACTION_BITS        23
#define EXPONENT_BIAS        127
#define SQRT_2               1.41421356f

struct ntc_config {
	struct adc_dt_spec channel;
	float pull_up_v;
	float pull_up_ohm;
	float min_celsius;
	float max_celsius;
	int32_t points_millicelsius[POINTS];
	int32_t points_milliohm[POINTS];
};

struct ntc_data {
	float y0, l0, l1, b, c;
	struct sensor_value celsius;
};

/* Natural logarithm of a positive, normal number to 1e-7: not every C library of Zephyr has one. */
static float ln(float x)
{
	union {
		float number;
		uint32_t bits;
	} m = {.number = x};
	int exponent = (int)(m.bits >> FRACTION_BITS) - EXPONENT_BIAS;
	float z, z2;

	/* x = m 2^exponent with m from 1 / sqrt 2 to sqrt 2; ln m = 2 artanh z. */
	m.bits = (m.bits & BIT_MASK(FRACTION_BITS)) | EXPONENT_BIAS << FRACTION_BITS;
	if (m.number > SQRT_2) {
		m.number *= 0.5f;
		exponent++;
	}
	z = (m.number - 1.0f) / (m.number + 1.0f);
	z2 = z * z;
	return LN_2 * (float)exponent +
	       2.0f * z * (1.0f + z2 * (1.0f / 3 + z2 * (1.0f / 5 + z2 * (1.0f / 7 + z2 / 9))));
}

static float celsius_of(const struct ntc_data *data, float ohm)
{
	const float l = ln(ohm);

	return 1.0f / (data->y0 + (l - data->l0) * (data->b + data->c * (l - data->l1) * (l + data->l0 + data->l1))) -
	       KELVIN_OF_ZERO_C;
}

static int ntc_sample_fetch(const struct device *dev, enum sensor_channel channel)
{
	const struct ntc_config *config = dev->config;
	struct ntc_data *data = dev->data;
	float volt, ohm, celsius;
	int error;

	if (channel != SENSOR_CHAN_ALL && channel != SENSOR_CHAN_AMBIENT_TEMP) {
		return -ENOTSUP;
	}
	error = analog_read_v(&config->channel, &volt);
	if (error != 0) {
		return error;
	}
	if (volt <= 0.0f || volt >= config->pull_up_v) {
		/* Shorted, or open. */
		return -ERANGE;
	}
	ohm = config->pull_up_ohm * volt / (config->pull_up_v - volt);
	celsius = celsius_of(data, ohm);
	/* Written so that a NaN fails it, too. */
	if (!(celsius >= config->min_celsius && celsius <= config->max_celsius)) {
		return -ERANGE;
	}
	return sensor_value_from_float(&data->celsius, celsius);
}

static int ntc_channel_get(const struct device *dev, enum sensor_channel channel, struct sensor_value *value)
{
	const struct ntc_data *data = dev->data;

	if (channel != SENSOR_CHAN_AMBIENT_TEMP) {
		return -ENOTSUP;
	}
	*value = data->celsius;
	return 0;
}

static int ntc_init(const struct device *dev)
{
	const struct ntc_config *config = dev->config;
	struct ntc_data *data = dev->data;
	float y[POINTS], l[POINTS];

	for (size_t i = 0; i < POINTS; i++) {
		y[i] = 1.0f / (KELVIN_OF_ZERO_C + 1.0e-3f * (float)config->points_millicelsius[i]);
		l[i] = ln(1.0e-3f * (float)config->points_milliohm[i]);
	}
	data->y0 = y[0];
	data->l0 = l[0];
	data->l1 = l[1];
	data->b = (y[1] - y[0]) / (l[1] - l[0]);
	data->c = ((y[2] - y[0]) / (l[2] - l[0]) - data->b) / ((l[2] - l[1]) * (l[2] + l[0] + l[1]));
	return analog_setup(&config->channel);
}

static const struct sensor_driver_api ntc_api = {
	.sample_fetch = ntc_sample_fetch,
	.channel_get = ntc_channel_get,
};

#define CELSIUS(node, i) DT_PROP_BY_IDX(node, points_millicelsius, i)
#define OHM(node, i)     DT_PROP_BY_IDX(node, points_milliohm, i)

#define NTC_CHECK(node)                                                                                                \
	BUILD_ASSERT(DT_PROP_LEN(node, points_millicelsius) == POINTS && DT_PROP_LEN(node, points_milliohm) == POINTS, \
		     DT_NODE_PATH(node) ": points-millicelsius and points-milliohm are not three each");               \
	BUILD_ASSERT(CELSIUS(node, 0) < CELSIUS(node, 1) && CELSIUS(node, 1) < CELSIUS(node, 2),                       \
		     DT_NODE_PATH(node) ": points-millicelsius do not rise");                                          \
	BUILD_ASSERT(OHM(node, 0) > OHM(node, 1) && OHM(node, 1) > OHM(node, 2) && OHM(node, 2) > 0,                   \
		     DT_NODE_PATH(node) ": points-milliohm do not fall");                                              \
	BUILD_ASSERT(DT_PROP(node, pull_up_ohm) > 0, DT_NODE_PATH(node) ": pull-up-ohm is zero");                      \
	BUILD_ASSERT(DT_PROP(node, pull_up_microvolt) > 0, DT_NODE_PATH(node) ": pull-up-microvolt is zero");          \
	BUILD_ASSERT(DT_PROP(node, range_min_millicelsius) <= CELSIUS(node, 0) &&                                      \
			     DT_PROP(node, range_max_millicelsius) >= CELSIUS(node, 2),                                \
		     DT_NODE_PATH(node) ": range-min-millicelsius to range-max-millicelsius leaves points out");

#define NTC_DEFINE(inst)                                                                                               \
	NTC_CHECK(DT_DRV_INST(inst))                                                                                   \
	static struct ntc_data ntc_data_##inst;                                                                        \
	static const struct ntc_config ntc_config_##inst = {                                                           \
		.channel = ADC_DT_SPEC_INST_GET(inst),                                                                 \
		.pull_up_v = 1.0e-6f * DT_INST_PROP(inst, pull_up_microvolt),                                          \
		.pull_up_ohm = DT_INST_PROP(inst, pull_up_ohm),                                                        \
		.min_celsius = 1.0e-3f * DT_INST_PROP(inst, range_min_millicelsius),                                   \
		.max_celsius = 1.0e-3f * DT_INST_PROP(inst, range_max_millicelsius),                                   \
		.points_millicelsius = DT_INST_PROP(inst, points_millicelsius),                                        \
		.points_milliohm = DT_INST_PROP(inst, points_milliohm),                                                \
	};                                                                                                             \
	SENSOR_DEVICE_DT_INST_DEFINE(inst, ntc_init, NULL, &ntc_data_##inst, &ntc_config_##inst, POST_KERNEL,          \
				     CONFIG_SENSOR_INIT_PRIORITY, &ntc_api);

DT_INST_FOREACH_STATUS_OKAY(NTC_DEFINE)
