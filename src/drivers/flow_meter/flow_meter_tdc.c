/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ultrasonic flow meter of a TI TDC1000 (front end) and a TDC7200 (converter) on one SPI bus.
 *
 * A shot: the front end's channel is chosen, the converter is started and triggers the front end by wire, which sends a burst
 * and START; the echo gives STOP; the converter calibrates itself and pulls its interrupt. Converter in measurement mode 2:
 *
 *   time = (TIME1 - TIME2) * norm_lsb + CLOCK_COUNT1 * clock period
 *   norm_lsb = clock period / ((CALIBRATION2 - CALIBRATION1) / (CALIBRATION2_PERIODS - 1))
 *
 * Without an echo the converter's clock counter overflows at the end of the window, which is an interrupt, too: silence of
 * the interrupt is a fault. Neither chip has an identification: the reset values are that, and one register in each round is
 * compared with what was written.
 */
#define DT_DRV_COMPAT levitas_tdc_flow_meter

#include <levitas/flow_meter.h>
#include <levitas/units.h>
#include <zephyr/drivers/adc.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/spi.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/sys/byteorder.h>

#include "flow_meter_tdc_registers.h"

LOG_MODULE_REGISTER(levitas_flow_meter);

/* Result registers: 24 bits, the highest one is even parity. */
#define RESULT_BYTES    3
#define RESULT_VALUE    GENMASK(22, 0)
#define CLOCK_COUNT_MASK GENMASK(15, 0)

/* Believable resolution of the ring oscillator; typically 55 ps. */
#define NORM_LSB_S_MIN 20.0e-12f
#define NORM_LSB_S_MAX 200.0e-12f

/* In the buffer of the detector's ADC before it is read. */
#define NO_RESULT UINT16_MAX

#define ROUND_MS          1
/* Much more than the longest window and both calibrations. */
#define INTERRUPT_US      500
#define RESET_MS          2
#define START_MS          2
/* Rounds in a row that may fail before the chips are set up anew, and the wait after each try of that. */
#define FAILED_ROUNDS_MAX 5
#define RETRY_MS          100
/* Without a round for so long, the driver's thread hangs in the bus or in the ADC. */
#define STALE_MS          (RETRY_MS + 100)

struct chip {
	struct spi_dt_spec bus;
	uint8_t register_count;
	/* The one that does not keep what is written to it. */
	uint8_t volatile_register;
	const uint8_t *reset_values;
};

struct flow_meter_config {
	struct chip front_end;
	struct chip converter;
	uint8_t front_end_registers[FRONT_END_REGISTERS];
	uint8_t converter_registers[CONVERTER_REGISTERS];
	struct gpio_dt_spec reset;
	struct gpio_dt_spec enable;
	struct gpio_dt_spec interrupt;
	struct adc_dt_spec detector;
	float amplitude_per_mv;
	/* Channel codes. */
	uint8_t up_channel;
	uint8_t down_channel;
	uint8_t pairs;
	uint8_t calibration2_periods;
	float clock_period_s;
	float transit_min_s;
	float transit_max_s;
};

struct flow_meter_data {
	struct gpio_callback callback;
	/* Given once, when buses and pins are there. */
	struct k_sem started;
	struct k_sem interrupt;
	/* Not on the stack: an ADC driver that gives up may still write. */
	uint16_t detector_count;
	uint8_t next_check;
	uint8_t failed_rounds;
	/* Since the start. */
	bool has_answered;
	struct k_spinlock lock;
	struct levitas_flow_shot ring[LEVITAS_FLOW_SHOTS_MAX];
	uint32_t first;
	uint32_t count;
	int error;
	int64_t round_at_ms;
};

/* One shot one way. */
struct echo {
	bool heard;
	float transit_s;
	float amplitude;
};

static const uint8_t front_end_reset_values[FRONT_END_REGISTERS] = {
	[CONFIG_0] = 0x45, [CONFIG_1] = 0x40, [CONFIG_3] = 0x03, [CONFIG_4] = 0x1f, [TIMEOUT] = 0x19,
};

static const uint8_t converter_reset_values[CONVERTER_REGISTERS] = {
	[CONFIG2] = 0x40,           [INT_MASK] = 0x07,         [COARSE_CNTR_OVF_H] = 0xff,
	[COARSE_CNTR_OVF_L] = 0xff, [CLOCK_CNTR_OVF_H] = 0xff, [CLOCK_CNTR_OVF_L] = 0xff,
};

static int read_bytes(const struct chip *chip, uint8_t command, uint8_t *bytes, size_t length)
{
	const struct spi_buf tx_buf = {.buf = &command, .len = 1};
	const struct spi_buf rx_buf[] = {{.len = 1}, {.buf = bytes, .len = length}};
	const struct spi_buf_set tx = {.buffers = &tx_buf, .count = 1};
	const struct spi_buf_set rx = {.buffers = rx_buf, .count = ARRAY_SIZE(rx_buf)};

	return spi_transceive_dt(&chip->bus, &tx, &rx) == 0 ? 0 : -EIO;
}

static int write_register(const struct chip *chip, uint8_t address, uint8_t value)
{
	uint8_t bytes[] = {COMMAND_WRITE | address, value};
	const struct spi_buf buf = {.buf = bytes, .len = sizeof(bytes)};
	const struct spi_buf_set tx = {.buffers = &buf, .count = 1};

	return spi_write_dt(&chip->bus, &tx) == 0 ? 0 : -EIO;
}

static int expect(const struct chip *chip, uint8_t address, uint8_t value, int other)
{
	uint8_t found;
	const int error = address == chip->volatile_register ? 0 : read_bytes(chip, address, &found, 1);

	if (error != 0 || address == chip->volatile_register) {
		return error;
	}
	return found == value ? 0 : other;
}

static int expect_all(const struct chip *chip, const uint8_t *values, int other)
{
	int error = 0;

	for (uint8_t address = 0; error == 0 && address < chip->register_count; address++) {
		error = expect(chip, address, values[address], other);
	}
	return error;
}

static int configure_chip(const struct chip *chip, const uint8_t *values)
{
	int error = expect_all(chip, chip->reset_values, -ENODEV);

	for (uint8_t address = 0; error == 0 && address < chip->register_count; address++) {
		error = write_register(chip, address, values[address]);
	}
	return error == 0 ? expect_all(chip, values, -EIO) : error;
}

static int configure(const struct flow_meter_config *config)
{
	int error;

	gpio_pin_set_dt(&config->reset, 1);
	gpio_pin_set_dt(&config->enable, 0);
	k_msleep(RESET_MS);
	gpio_pin_set_dt(&config->reset, 0);
	gpio_pin_set_dt(&config->enable, 1);
	k_msleep(START_MS);
	error = configure_chip(&config->front_end, config->front_end_registers);
	return error == 0 ? configure_chip(&config->converter, config->converter_registers) : error;
}

/* One register of both chips in each round. The channel of the front end changes with every shot. */
static int check_next_register(const struct flow_meter_config *config, struct flow_meter_data *data)
{
	const uint8_t place = data->next_check;

	data->next_check = (place + 1) % (FRONT_END_REGISTERS + CONVERTER_REGISTERS);
	if (place == CONFIG_2) {
		return expect(&config->front_end, place,
			      config->front_end_registers[place] | (config->down_channel << CONFIG_2_CH_SEL), -EIO);
	}
	if (place < FRONT_END_REGISTERS) {
		return expect(&config->front_end, place, config->front_end_registers[place], -EIO);
	}
	return expect(&config->converter, place - FRONT_END_REGISTERS,
		      config->converter_registers[place - FRONT_END_REGISTERS], -EIO);
}

/* -EIO: the parity is wrong. */
static int decode_result(const uint8_t bytes[RESULT_BYTES], uint32_t *value)
{
	const uint32_t word = sys_get_be24(bytes);

	*value = word & RESULT_VALUE;
	return __builtin_parity(word) == 0 ? 0 : -EIO;
}

static int read_results(const struct chip *chip, uint8_t address, uint32_t *values, size_t count)
{
	uint8_t bytes[3 * RESULT_BYTES];
	int error = read_bytes(chip, COMMAND_AUTO_INCREMENT | address, bytes, count * RESULT_BYTES);

	for (size_t i = 0; error == 0 && i < count; i++) {
		error = decode_result(&bytes[i * RESULT_BYTES], &values[i]);
	}
	return error;
}

static int read_transit(const struct flow_meter_config *config, float *transit_s)
{
	/* TIME1, CLOCK_COUNT1, TIME2. */
	uint32_t times[3];
	uint32_t calibrations[2];
	float count_per_period;
	float norm_lsb_s;
	int error = read_results(&config->converter, TIME1, times, ARRAY_SIZE(times));

	if (error == 0) {
		error = read_results(&config->converter, CALIBRATION1, calibrations, ARRAY_SIZE(calibrations));
	}
	if (error != 0) {
		return error;
	}
	count_per_period = ((float)calibrations[1] - (float)calibrations[0]) / (float)(config->calibration2_periods - 1);
	norm_lsb_s = config->clock_period_s / count_per_period;
	/* False for a NaN, too. */
	if (!(norm_lsb_s >= NORM_LSB_S_MIN && norm_lsb_s <= NORM_LSB_S_MAX)) {
		return -EIO;
	}
	*transit_s = ((float)times[0] - (float)times[2]) * norm_lsb_s +
		     (float)(times[1] & CLOCK_COUNT_MASK) * config->clock_period_s;
	return 0;
}

static int read_amplitude(const struct flow_meter_config *config, struct flow_meter_data *data, float *amplitude)
{
	int32_t millivolt;
	struct adc_sequence sequence = {
		.buffer = &data->detector_count,
		.buffer_size = sizeof(data->detector_count),
	};
	int error = adc_sequence_init_dt(&config->detector, &sequence);

	data->detector_count = NO_RESULT;
	if (error == 0) {
		error = adc_read_dt(&config->detector, &sequence);
	}
	/* ads7052 reports an error twice, the second time as success. */
	if (data->detector_count == NO_RESULT || data->detector_count == BIT_MASK(config->detector.resolution)) {
		return -EIO;
	}
	millivolt = data->detector_count;
	if (error == 0) {
		error = adc_raw_to_millivolts_dt(&config->detector, &millivolt);
	}
	*amplitude = config->amplitude_per_mv * (float)millivolt;
	return error == 0 ? 0 : -EIO;
}

/* Waits for the end of the shot, says what it was and leaves the interrupt line free. */
static int await(const struct flow_meter_config *config, struct flow_meter_data *data, uint8_t *status)
{
	int error;

	if (k_sem_take(&data->interrupt, K_USEC(INTERRUPT_US)) != 0) {
		return -ETIMEDOUT;
	}
	error = read_bytes(&config->converter, INT_STATUS, status, 1);
	if (error == 0) {
		error = write_register(&config->converter, INT_STATUS, INT_STATUS_CLEAR);
	}
	if (error != 0) {
		return error;
	}
	return (*status & INT_MASK_USED) != 0 ? 0 : -EIO;
}

static int start_shot(const struct flow_meter_config *config, struct flow_meter_data *data, uint8_t channel)
{
	int error;

	/* The shot before has left it free. */
	if (gpio_pin_get_dt(&config->interrupt) != 0) {
		return -EBUSY;
	}
	error = write_register(&config->front_end, CONFIG_2,
			       config->front_end_registers[CONFIG_2] | (channel << CONFIG_2_CH_SEL));
	k_sem_reset(&data->interrupt);
	if (error == 0) {
		error = write_register(&config->converter, CONFIG1,
				       config->converter_registers[CONFIG1] | CONFIG1_START_MEAS);
	}
	return error;
}

static int shoot(const struct flow_meter_config *config, struct flow_meter_data *data, uint8_t channel,
		 struct echo *echo)
{
	uint8_t status;
	int error = start_shot(config, data, channel);

	*echo = (struct echo){0};
	if (error == 0) {
		error = await(config, data, &status);
	}
	if (error != 0) {
		return error;
	}
	if ((status & INT_STATUS_NEW_MEAS) == 0) {
		return write_register(&config->front_end, ERROR_FLAGS, ERROR_FLAGS_RESET);
	}
	error = read_transit(config, &echo->transit_s);
	if (error == 0) {
		error = read_amplitude(config, data, &echo->amplitude);
	}
	echo->heard = echo->transit_s >= config->transit_min_s && echo->transit_s <= config->transit_max_s;
	return error;
}

/* Means of the pairs with an echo both ways; zeros without any. */
static int measure(const struct flow_meter_config *config, struct flow_meter_data *data,
		   struct levitas_flow_shot *shot)
{
	struct echo up, down;
	uint8_t pairs = 0;
	int error = 0;

	*shot = (struct levitas_flow_shot){0};
	for (uint8_t i = 0; error == 0 && i < config->pairs; i++) {
		error = shoot(config, data, config->up_channel, &up);
		if (error == 0) {
			error = shoot(config, data, config->down_channel, &down);
		}
		if (error == 0 && up.heard && down.heard) {
			pairs++;
			shot->transit_up_s += (up.transit_s - shot->transit_up_s) / pairs;
			shot->transit_down_s += (down.transit_s - shot->transit_down_s) / pairs;
			shot->amplitude += (0.5f * (up.amplitude + down.amplitude) - shot->amplitude) / pairs;
		}
	}
	return error;
}

static void publish(struct flow_meter_data *data, int error, const struct levitas_flow_shot *shot)
{
	const k_spinlock_key_t key = k_spin_lock(&data->lock);

	data->error = error;
	data->round_at_ms = k_uptime_get();
	if (error == 0) {
		if (data->count == LEVITAS_FLOW_SHOTS_MAX) {
			data->first = (data->first + 1) % LEVITAS_FLOW_SHOTS_MAX;
			data->count--;
		}
		data->ring[(data->first + data->count) % LEVITAS_FLOW_SHOTS_MAX] = *shot;
		data->count++;
	}
	k_spin_unlock(&data->lock, key);
}

/* Whoever fetches meanwhile is told why not. */
static void set_up(const struct device *dev)
{
	struct flow_meter_data *data = dev->data;
	const int error = configure(dev->config);

	if (error == 0) {
		if (!data->has_answered) {
			LOG_INF("%s: it answers", dev->name);
		}
		data->has_answered = true;
		data->failed_rounds = 0;
	} else {
		publish(data, data->has_answered ? -EIO : error, NULL);
		k_msleep(RETRY_MS);
	}
}

static void take_round(const struct device *dev)
{
	const struct flow_meter_config *config = dev->config;
	struct flow_meter_data *data = dev->data;
	struct levitas_flow_shot shot;
	int error;

	if (data->failed_rounds > FAILED_ROUNDS_MAX) {
		set_up(dev);
		return;
	}
	error = measure(config, data, &shot);
	if (error == 0) {
		error = check_next_register(config, data);
		if (error != 0) {
			/* What it has measured was measured otherwise than was asked for. */
			data->failed_rounds = FAILED_ROUNDS_MAX;
		}
	}
	data->failed_rounds = error == 0 ? 0 : data->failed_rounds + 1;
	publish(data, error, &shot);
}

static void run(void *dev_pointer, void *unused1, void *unused2)
{
	const struct device *dev = dev_pointer;
	struct flow_meter_data *data = dev->data;
	struct k_timer round;

	ARG_UNUSED(unused1);
	ARG_UNUSED(unused2);
	k_sem_take(&data->started, K_FOREVER);
	k_timer_init(&round, NULL, NULL);
	k_timer_start(&round, K_MSEC(ROUND_MS), K_MSEC(ROUND_MS));
	while (true) {
		k_timer_status_sync(&round);
		take_round(dev);
	}
}

static void on_interrupt(const struct device *port, struct gpio_callback *callback, gpio_port_pins_t pins)
{
	struct flow_meter_data *data = CONTAINER_OF(callback, struct flow_meter_data, callback);

	ARG_UNUSED(port);
	ARG_UNUSED(pins);
	k_sem_give(&data->interrupt);
}

static int flow_meter_fetch(const struct device *dev, struct levitas_flow_shot shots[LEVITAS_FLOW_SHOTS_MAX])
{
	struct flow_meter_data *data = dev->data;
	const k_spinlock_key_t key = k_spin_lock(&data->lock);
	const int count = data->count;
	int error = data->error;

	for (int i = 0; i < count; i++) {
		shots[i] = data->ring[(data->first + i) % LEVITAS_FLOW_SHOTS_MAX];
	}
	data->count = 0;
	if (error == 0 && k_uptime_get() - data->round_at_ms > STALE_MS) {
		error = -EIO;
	}
	k_spin_unlock(&data->lock, key);
	return count > 0 ? count : error;
}

static int pins_init(const struct flow_meter_config *config, struct flow_meter_data *data)
{
	int error = gpio_pin_configure_dt(&config->reset, GPIO_OUTPUT_ACTIVE);

	if (error == 0) {
		error = gpio_pin_configure_dt(&config->enable, GPIO_OUTPUT_INACTIVE);
	}
	if (error == 0) {
		error = gpio_pin_configure_dt(&config->interrupt, GPIO_INPUT);
	}
	if (error == 0) {
		gpio_init_callback(&data->callback, on_interrupt, BIT(config->interrupt.pin));
		error = gpio_add_callback_dt(&config->interrupt, &data->callback);
	}
	if (error == 0) {
		error = gpio_pin_interrupt_configure_dt(&config->interrupt, GPIO_INT_EDGE_TO_ACTIVE);
	}
	return error;
}

static int flow_meter_init(const struct device *dev)
{
	const struct flow_meter_config *config = dev->config;
	struct flow_meter_data *data = dev->data;
	int error;

	if (!spi_is_ready_dt(&config->front_end.bus) || !spi_is_ready_dt(&config->converter.bus) ||
	    !gpio_is_ready_dt(&config->reset) || !gpio_is_ready_dt(&config->enable) ||
	    !gpio_is_ready_dt(&config->interrupt) || !adc_is_ready_dt(&config->detector)) {
		return -ENODEV;
	}
	error = adc_channel_setup_dt(&config->detector);
	if (error == 0) {
		error = pins_init(config, data);
	}
	if (error != 0) {
		return error;
	}
	/* A chip that does not answer yet is no reason not to be ready: the thread tries again. */
	data->error = configure(config);
	if (data->error == 0) {
		data->has_answered = true;
	} else {
		LOG_ERR("%s: error %d of its chips: tried again", dev->name, data->error);
		data->failed_rounds = FAILED_ROUNDS_MAX + 1;
	}
	data->round_at_ms = k_uptime_get();
	k_sem_give(&data->started);
	return 0;
}

static const struct levitas_flow_meter_api flow_meter_api = {
	.fetch = flow_meter_fetch,
};

#define OPERATION (SPI_WORD_SET(8) | SPI_TRANSFER_MSB)

#define FLOW_METER_DEFINE_NODE(inst, node)                                                                             \
	CHECK_FRONT_END(FRONT_END(node));                                                                              \
	CHECK(node);                                                                                                   \
	static const struct flow_meter_config flow_meter_config_##inst = {                                             \
		.front_end =                                                                                           \
			{                                                                                              \
				.bus = SPI_DT_SPEC_GET(FRONT_END(node), OPERATION, 0),                                 \
				.register_count = FRONT_END_REGISTERS,                                                 \
				.volatile_register = ERROR_FLAGS,                                                      \
				.reset_values = front_end_reset_values,                                                \
			},                                                                                             \
		.converter =                                                                                           \
			{                                                                                              \
				.bus = SPI_DT_SPEC_GET(CONVERTER(node), OPERATION, 0),                                 \
				.register_count = CONVERTER_REGISTERS,                                                 \
				.volatile_register = INT_STATUS,                                                       \
				.reset_values = converter_reset_values,                                                \
			},                                                                                             \
		.front_end_registers = FRONT_END_VALUES(node, FRONT_END(node)),                                        \
		.converter_registers = CONVERTER_VALUES(node, CONVERTER(node)),                                        \
		.reset = GPIO_DT_SPEC_GET(FRONT_END(node), reset_gpios),                                               \
		.enable = GPIO_DT_SPEC_GET(CONVERTER(node), enable_gpios),                                             \
		.interrupt = GPIO_DT_SPEC_GET(CONVERTER(node), int_gpios),                                             \
		.detector = ADC_DT_SPEC_GET(node),                                                                     \
		.amplitude_per_mv = 1.0f / DT_PROP(node, amplitude_clear_millivolt),                                   \
		.up_channel = DT_PROP(node, up_channel) - 1,                                                           \
		.down_channel = 2 - DT_PROP(node, up_channel),                                                         \
		.pairs = DT_PROP(node, pairs_per_millisecond),                                                         \
		.calibration2_periods = DT_PROP(CONVERTER(node), calibration2_periods),                                \
		.clock_period_s = 1.0f / DT_PROP(CONVERTER(node), clock_frequency),                                    \
		.transit_min_s = LEVITAS_UNIT_PER_MICRO * DT_PROP(node, transit_min_us),                               \
		.transit_max_s = LEVITAS_UNIT_PER_MICRO * DT_PROP(node, transit_max_us),                               \
	};                                                                                                             \
	static struct flow_meter_data flow_meter_data_##inst = {                                                       \
		.started = Z_SEM_INITIALIZER(flow_meter_data_##inst.started, 0, 1),                                    \
		.interrupt = Z_SEM_INITIALIZER(flow_meter_data_##inst.interrupt, 0, 1),                                \
		.error = -EIO,                                                                                         \
	};                                                                                                             \
	DEVICE_DT_DEFINE(node, flow_meter_init, NULL, &flow_meter_data_##inst, &flow_meter_config_##inst, POST_KERNEL, \
			 CONFIG_APPLICATION_INIT_PRIORITY, &flow_meter_api);                                           \
	K_THREAD_DEFINE(levitas_flow_meter_##inst, CONFIG_LEVITAS_SENSOR_STACK_SIZE, run,                              \
			(void *)DEVICE_DT_GET(node), NULL, NULL, K_PRIO_PREEMPT(CONFIG_LEVITAS_SENSOR_PRIORITY),       \
			K_FP_REGS, 0);

#define FLOW_METER_DEFINE(inst) FLOW_METER_DEFINE_NODE(inst, DT_DRV_INST(inst))

DT_INST_FOREACH_STATUS_OKAY(FLOW_METER_DEFINE)
