/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pressure of a resistive bridge on an ADC, behind Zephyr's sensor API.
 *
 *   pressure = code / full-scale code / (gain * sensitivity), the excitation being the reference.
 *
 * A conversion takes milliseconds, so each transducer has a thread; a fetch takes what it has found last. The thread sets the
 * channel up before each conversion: a converter that was reset by its supply would measure with another gain.
 */
#define DT_DRV_COMPAT levitas_bridge_pressure

#include <levitas/units.h>
#include <zephyr/drivers/adc.h>
#include <zephyr/drivers/sensor.h>
#include <zephyr/kernel.h>

/* Sample periods after which a value is too old. */
#define STALE_PERIODS 10

/* Samples of 16 bits and less are int16_t, longer ones int32_t (adc_sequence). */
#define SHORT_RESOLUTION_MAX 16

/* Reads of a sample, one of them without a result. */
#define READS_MAX 2

/* Input of the ADC is reckoned in hundred-millionths of its reference. */
#define REFERENCE_SCALE 100000000

struct pressure_config {
	struct adc_dt_spec adc;
	/* Output of the bridge per excitation and mmHg. */
	float per_mmhg;
	float range_mmhg;
	int32_t period_ms;
};

struct sample {
	float pressure_mmhg;
	int error;
	int64_t at_ms;
};

struct pressure_data {
	/* Given once, after a good start. */
	struct k_sem started;
	int32_t buffer;
	float mmhg_per_count;
	int32_t code_min;
	int32_t code_max;
	struct k_spinlock lock;
	struct sample latest;
	struct sensor_value pressure_kpa;
};

/* A code at the end of the scale, from which a buffer without a result is known. */
static int32_t no_result(const struct adc_dt_spec *adc)
{
	if (adc->resolution > SHORT_RESOLUTION_MAX) {
		return INT32_MIN;
	}
	return adc->channel_cfg.differential ? INT16_MIN : UINT16_MAX;
}

/*
 * The buffer is not on a stack: an ADC driver that has given up may still write. And it may say that all is well without
 * a result, ads114s0x does once after an error: then it is asked again.
 */
static int read_code(const struct pressure_config *config, struct pressure_data *data, int32_t *code)
{
	struct adc_sequence sequence = {
		.buffer = &data->buffer,
		.buffer_size = sizeof(data->buffer),
	};
	int error = adc_sequence_init_dt(&config->adc, &sequence);

	if (error == 0) {
		error = adc_channel_setup_dt(&config->adc);
	}
	data->buffer = no_result(&config->adc);
	for (int i = 0; error == 0 && i < READS_MAX && data->buffer == no_result(&config->adc); i++) {
		error = adc_read_dt(&config->adc, &sequence);
	}
	if (error != 0) {
		/* Zephyr's word for a time-out, that of a semaphore. */
		return error == -EAGAIN ? -ETIMEDOUT : -EIO;
	}
	if (config->adc.resolution > SHORT_RESOLUTION_MAX) {
		*code = data->buffer;
	} else {
		*code = config->adc.channel_cfg.differential ? (int16_t)data->buffer : (uint16_t)data->buffer;
	}
	return 0;
}

static struct sample take_sample(const struct pressure_config *config, struct pressure_data *data)
{
	struct sample sample = {0};
	int32_t code;

	sample.error = read_code(config, data, &code);
	if (sample.error != 0) {
		return sample;
	}
	if (code <= data->code_min || code >= data->code_max) {
		sample.error = -EIO;
		return sample;
	}
	sample.pressure_mmhg = data->mmhg_per_count * (float)code;
	if (sample.pressure_mmhg < -config->range_mmhg || sample.pressure_mmhg > config->range_mmhg) {
		sample.error = -ERANGE;
	}
	return sample;
}

static void run(void *dev_pointer, void *unused1, void *unused2)
{
	const struct device *dev = dev_pointer;
	const struct pressure_config *config = dev->config;
	struct pressure_data *data = dev->data;

	ARG_UNUSED(unused1);
	ARG_UNUSED(unused2);
	k_sem_take(&data->started, K_FOREVER);
	while (true) {
		const int64_t began_ms = k_uptime_get();
		struct sample sample = take_sample(config, data);
		k_spinlock_key_t key;

		key = k_spin_lock(&data->lock);
		sample.at_ms = k_uptime_get();
		data->latest = sample;
		k_spin_unlock(&data->lock, key);
		k_sleep(K_MSEC(MAX(1, config->period_ms - (k_uptime_get() - began_ms))));
	}
}

static int pressure_sample_fetch(const struct device *dev, enum sensor_channel channel)
{
	const struct pressure_config *config = dev->config;
	struct pressure_data *data = dev->data;
	k_spinlock_key_t key;
	struct sample sample;

	if (channel != SENSOR_CHAN_ALL && channel != SENSOR_CHAN_PRESS) {
		return -ENOTSUP;
	}
	key = k_spin_lock(&data->lock);
	sample = data->latest;
	k_spin_unlock(&data->lock, key);
	if (k_uptime_get() - sample.at_ms > STALE_PERIODS * config->period_ms && sample.error != -ENODEV) {
		return -ETIMEDOUT;
	}
	if (sample.error != 0) {
		return sample.error;
	}
	return sensor_value_from_float(&data->pressure_kpa, sample.pressure_mmhg * LEVITAS_KPA_PER_MMHG);
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

/* -EINVAL: the range is more than the ADC can convert. */
static int scale_init(const struct pressure_config *config, struct pressure_data *data)
{
	const bool differential = config->adc.channel_cfg.differential;
	int32_t full_scale = REFERENCE_SCALE;
	float full_scale_mmhg;

	data->code_max = BIT64_MASK(config->adc.resolution - (differential ? 1 : 0));
	data->code_min = differential ? -data->code_max - 1 : -1;
	if (adc_gain_invert(config->adc.channel_cfg.gain, &full_scale) != 0) {
		return -EINVAL;
	}
	full_scale_mmhg = (float)full_scale / (float)REFERENCE_SCALE / config->per_mmhg;
	data->mmhg_per_count = full_scale_mmhg / (float)data->code_max;
	return full_scale_mmhg > config->range_mmhg ? 0 : -EINVAL;
}

static int pressure_init(const struct device *dev)
{
	const struct pressure_config *config = dev->config;
	struct pressure_data *data = dev->data;
	int error;

	if (!adc_is_ready_dt(&config->adc)) {
		return -ENODEV;
	}
	error = scale_init(config, data);
	if (error == 0) {
		error = adc_channel_setup_dt(&config->adc);
	}
	if (error == 0) {
		data->latest = (struct sample){.error = -EAGAIN, .at_ms = k_uptime_get()};
		k_sem_give(&data->started);
	}
	return error;
}

#ifdef CONFIG_ADC_LMP90XXX
#error "ti,lmp90xxx: Zephyr's driver reports an error twice and then gives a channel the result of another one"
#endif

static const struct sensor_driver_api pressure_api = {
	.sample_fetch = pressure_sample_fetch,
	.channel_get = pressure_channel_get,
};

#define LEVITAS_UNIT_PER_NANO 1.0e-9f

#define CHECK(node)                                                                                                    \
	BUILD_ASSERT(DT_PROP(node, sensitivity_nanovolt_per_volt_per_mmhg) > 0,                                        \
		     DT_NODE_PATH(node) ": sensitivity-nanovolt-per-volt-per-mmhg is zero");                           \
	BUILD_ASSERT(DT_PROP(node, range_mmhg) > 0, DT_NODE_PATH(node) ": range-mmhg is zero");                        \
	BUILD_ASSERT(DT_PROP(node, sample_period_ms) > 0, DT_NODE_PATH(node) ": sample-period-ms is zero")

#define PRESSURE_DEFINE(inst)                                                                                          \
	CHECK(DT_DRV_INST(inst));                                                                                      \
	static struct pressure_data pressure_data_##inst = {                                                           \
		.started = Z_SEM_INITIALIZER(pressure_data_##inst.started, 0, 1),                                      \
		.latest = {.error = -ENODEV},                                                                          \
	};                                                                                                             \
	static const struct pressure_config pressure_config_##inst = {                                                 \
		.adc = ADC_DT_SPEC_INST_GET(inst),                                                                     \
		.per_mmhg = LEVITAS_UNIT_PER_NANO * DT_INST_PROP(inst, sensitivity_nanovolt_per_volt_per_mmhg),        \
		.range_mmhg = DT_INST_PROP(inst, range_mmhg),                                                          \
		.period_ms = DT_INST_PROP(inst, sample_period_ms),                                                     \
	};                                                                                                             \
	SENSOR_DEVICE_DT_INST_DEFINE(inst, pressure_init, NULL, &pressure_data_##inst, &pressure_config_##inst,        \
				     POST_KERNEL, CONFIG_SENSOR_INIT_PRIORITY, &pressure_api);                         \
	K_THREAD_DEFINE(levitas_pressure_##inst, CONFIG_LEVITAS_SENSOR_STACK_SIZE, run,                                \
			(void *)DEVICE_DT_INST_GET(inst), NULL, NULL,                                                  \
			K_PRIO_PREEMPT(CONFIG_LEVITAS_SENSOR_PRIORITY), K_FP_REGS, 0);

DT_INST_FOREACH_STATUS_OKAY(PRESSURE_DEFINE)
