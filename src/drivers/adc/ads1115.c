/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ADS1115 behind Zephyr's ADC API, converting all the time in a thread of its own: reading takes what is there, and
 * waits for nothing.
 *
 * Registers and codes: data sheet SBAS444, register map.
 */
#define DT_DRV_COMPAT levitas_ads1115

#include <zephyr/drivers/adc.h>
#include <zephyr/drivers/i2c.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/byteorder.h>

#define INPUTS 4

#define REGISTER_CONVERSION 0x00
#define REGISTER_CONFIG     0x01

/* Written, it begins a conversion; read, there is none under way. */
#define CONFIG_OS               BIT(15)
#define CONFIG_MUX_SINGLE_0     (4 << 12)
#define CONFIG_MUX_STEP         BIT(12)
#define CONFIG_PGA_POS          9
#define CONFIG_MODE_SINGLE_SHOT BIT(8)
#define CONFIG_DR_POS           5
#define CONFIG_COMP_QUE_DISABLE 3

/* A single-ended input uses the positive half of the 16 bits. */
#define CODE_BITS        15
#define CODE_MAX         INT16_MAX
/* Full scale at a gain of 1. */
#define REFERENCE_MV     2048
/* What a mean has beside them. */
#define MEAN_BITS        5
#define MEAN_PARTS       (INT64_C(1) << MEAN_BITS)
#define RESOLUTION       (CODE_BITS + MEAN_BITS)

/* Wake-up from power-down; the oscillator is within 10 %. */
#define WAKE_US          25
#define CONVERSION_US(per_second) (1100000 / (per_second) + WAKE_US)
/* The conversion is over when the first wait is; a device that is still busy after all of them is stuck. */
#define POLLS            4
#define POLL_US          500
/* After an error, and where no input is used. */
#define PAUSE_MS         10
/*
 * Errors in a row after which the bus is freed, and again and again: a device that was reset in the middle of a byte may
 * hold SDA low until it has seen the rest of its clock.
 */
#define ERRORS_TO_RECOVER 4

struct input {
	bool is_used;
	uint16_t config;
	/* Conversions since the last read. */
	int64_t sum;
	uint32_t count;
	bool is_saturated;
	/* Of the last conversion, if there was one, and the error of the last try. */
	int64_t converted_ms;
	bool has_converted;
	int error;
	/* The reader's own: what the last read gave. */
	int32_t mean;
};

struct ads1115_data {
	struct k_spinlock lock;
	struct input inputs[INPUTS];
	bool has_answered;
	/* In a row; none of a device that answers and is busy. */
	uint32_t errors;
	struct k_thread thread;
};

struct ads1115_config {
	struct i2c_dt_spec bus;
	uint16_t config;
	uint32_t conversion_us;
	uint32_t stale_ms;
	k_thread_stack_t *stack;
	size_t stack_size;
};

static int read_register(const struct device *dev, uint8_t number, uint16_t *value)
{
	const struct ads1115_config *config = dev->config;
	uint8_t bytes[2];
	const int error = i2c_write_read_dt(&config->bus, &number, sizeof(number), bytes, sizeof(bytes));

	*value = sys_get_be16(bytes);
	return error;
}

/* One conversion from its beginning to its end. */
static int convert(const struct device *dev, uint16_t wanted, int16_t *code)
{
	const struct ads1115_config *config = dev->config;
	uint8_t begin[3] = {REGISTER_CONFIG};
	uint16_t found = 0;
	uint16_t value;
	int error;

	sys_put_be16(wanted, &begin[1]);
	error = i2c_write_dt(&config->bus, begin, sizeof(begin));
	if (error != 0) {
		return error;
	}
	k_sleep(K_USEC(config->conversion_us));
	for (int i = 0; i < POLLS; i++) {
		error = read_register(dev, REGISTER_CONFIG, &found);
		if (error != 0 || (found & CONFIG_OS) != 0) {
			break;
		}
		k_sleep(K_USEC(POLL_US));
	}
	if (error == 0 && (found & CONFIG_OS) == 0) {
		return -EBUSY;
	}
	if (error == 0 && found != wanted) {
		/* It has been reset meanwhile, or it is something else. */
		return -EIO;
	}
	if (error == 0) {
		error = read_register(dev, REGISTER_CONVERSION, &value);
	}
	if (error == 0) {
		*code = (int16_t)value;
	}
	return error;
}

static void scan_input(const struct device *dev, struct input *input)
{
	const struct ads1115_config *config = dev->config;
	struct ads1115_data *data = dev->data;
	int16_t code = 0;
	int error = convert(dev, input->config, &code);
	k_spinlock_key_t key;

	data->has_answered |= error == 0;
	if (error != 0 && !data->has_answered && error != -EBUSY) {
		error = -ENODEV;
	}
	key = k_spin_lock(&data->lock);
	input->error = error;
	if (error == 0) {
		input->sum += code;
		input->count++;
		input->is_saturated |= code == CODE_MAX;
		input->converted_ms = k_uptime_get();
		input->has_converted = true;
	}
	k_spin_unlock(&data->lock, key);
	data->errors = error == 0 || error == -EBUSY ? 0 : data->errors + 1;
	if (data->errors == ERRORS_TO_RECOVER) {
		data->errors = 0;
		/* Whether it helps is seen in what comes next. */
		(void)i2c_recover_bus(config->bus.bus);
	}
	if (error != 0) {
		k_msleep(PAUSE_MS);
	}
}

static void scan(void *device, void *unused_a, void *unused_b)
{
	const struct device *dev = device;
	struct ads1115_data *data = dev->data;
	bool is_used;

	ARG_UNUSED(unused_a);
	ARG_UNUSED(unused_b);
	for (;;) {
		is_used = false;
		for (size_t i = 0; i < INPUTS; i++) {
			if (data->inputs[i].is_used) {
				scan_input(dev, &data->inputs[i]);
				is_used = true;
			}
		}
		if (!is_used) {
			k_msleep(PAUSE_MS);
		}
	}
}

/* Code of the amplifier; negative: it has no such gain. */
static int amplifier(enum adc_gain gain)
{
	static const enum adc_gain gains[] = {ADC_GAIN_1_3, ADC_GAIN_1_2, ADC_GAIN_1,
					      ADC_GAIN_2,   ADC_GAIN_4,   ADC_GAIN_8};

	for (size_t i = 0; i < ARRAY_SIZE(gains); i++) {
		if (gains[i] == gain) {
			return i;
		}
	}
	return -ENOTSUP;
}

static int ads1115_channel_setup(const struct device *dev, const struct adc_channel_cfg *channel)
{
	const struct ads1115_config *config = dev->config;
	struct ads1115_data *data = dev->data;
	const int code = amplifier(channel->gain);
	struct input *input;

	if (channel->channel_id >= INPUTS || channel->reference != ADC_REF_INTERNAL || channel->differential ||
	    code < 0) {
		return -ENOTSUP;
	}
	input = &data->inputs[channel->channel_id];
	input->config = config->config | (CONFIG_MUX_SINGLE_0 + channel->channel_id * CONFIG_MUX_STEP) |
			(code << CONFIG_PGA_POS);
	input->is_used = true;
	return 0;
}

/* Mean of the conversions since the last read; where there was none, the last mean as long as it is fresh. */
static int ads1115_read(const struct device *dev, const struct adc_sequence *sequence)
{
	const struct ads1115_config *config = dev->config;
	struct ads1115_data *data = dev->data;
	const uint32_t index = find_lsb_set(sequence->channels) - 1;
	struct input *input;
	struct input taken;
	k_spinlock_key_t key;

	if (index >= INPUTS || sequence->channels != BIT(index) || !data->inputs[index].is_used ||
	    sequence->resolution != RESOLUTION || sequence->oversampling != 0 || sequence->options != NULL) {
		return -ENOTSUP;
	}
	if (sequence->buffer_size < sizeof(int32_t)) {
		return -ENOMEM;
	}
	/* No more than copies while interrupts are locked: levitation waits for them. */
	input = &data->inputs[index];
	key = k_spin_lock(&data->lock);
	taken = *input;
	input->sum = 0;
	input->count = 0;
	input->is_saturated = false;
	k_spin_unlock(&data->lock, key);
	if (!taken.has_converted || k_uptime_get() - taken.converted_ms > config->stale_ms) {
		return taken.error != 0 ? taken.error : -EAGAIN;
	}
	if (taken.count > 0) {
		/* A mean with a part that is at the end of the range is there as well. */
		input->mean = taken.is_saturated ? (int32_t)BIT_MASK(RESOLUTION)
						 : (int32_t)(taken.sum * MEAN_PARTS / (int64_t)taken.count);
	}
	*(int32_t *)sequence->buffer = input->mean;
	return 0;
}

/* A device that does not answer yet is no reason not to be ready: what is read of it says so. */
static int ads1115_init(const struct device *dev)
{
	const struct ads1115_config *config = dev->config;
	struct ads1115_data *data = dev->data;

	if (!i2c_is_ready_dt(&config->bus)) {
		return -ENODEV;
	}
	k_thread_create(&data->thread, config->stack, config->stack_size, scan, (void *)dev, NULL, NULL,
			CONFIG_LEVITAS_ADS1115_THREAD_PRIORITY, 0, K_NO_WAIT);
	return k_thread_name_set(&data->thread, dev->name);
}

static const struct adc_driver_api ads1115_api = {
	.channel_setup = ads1115_channel_setup,
	.read = ads1115_read,
	.ref_internal = REFERENCE_MV,
};

/* Each used input has its turn before it is stale, also where the device must be asked twice. */
#define SCAN_US(inst) (INPUTS * (CONVERSION_US(DT_INST_PROP(inst, samples_per_second)) + POLL_US))

#define ADS1115_DEFINE(inst)                                                                                           \
	BUILD_ASSERT(DT_INST_PROP(inst, stale_ms) * 1000 >= 2 * SCAN_US(inst),                                         \
		     DT_NODE_PATH(DT_DRV_INST(inst)) ": stale-ms is less than two scans at samples-per-second");       \
	static K_KERNEL_STACK_DEFINE(ads1115_stack_##inst, CONFIG_LEVITAS_ADS1115_STACK_SIZE);                         \
	static struct ads1115_data ads1115_data_##inst;                                                                \
	static const struct ads1115_config ads1115_config_##inst = {                                                   \
		.bus = I2C_DT_SPEC_INST_GET(inst),                                                                     \
		.config = CONFIG_OS | CONFIG_MODE_SINGLE_SHOT | CONFIG_COMP_QUE_DISABLE |                              \
			  (DT_INST_ENUM_IDX(inst, samples_per_second) << CONFIG_DR_POS),                               \
		.conversion_us = CONVERSION_US(DT_INST_PROP(inst, samples_per_second)),                                \
		.stale_ms = DT_INST_PROP(inst, stale_ms),                                                              \
		.stack = ads1115_stack_##inst,                                                                         \
		.stack_size = K_KERNEL_STACK_SIZEOF(ads1115_stack_##inst),                                             \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, ads1115_init, NULL, &ads1115_data_##inst, &ads1115_config_##inst, POST_KERNEL,     \
			      CONFIG_LEVITAS_ADS1115_INIT_PRIORITY, &ads1115_api);

DT_INST_FOREACH_STATUS_OKAY(ADS1115_DEFINE)
