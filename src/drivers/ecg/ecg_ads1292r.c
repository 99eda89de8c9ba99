/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TI ADS1292R: one ECG lead, one frame per millisecond. Names are those of the data sheet SBAS502, register map.
 *
 * A thread reads each frame when data-ready says so; a fetch takes ten samples from a ring. The chip's millisecond and ours
 * may differ: a first batch leaves half a batch behind, so that for a while neither a late nor an early sample is a gap.
 */
#define DT_DRV_COMPAT ti_ads1292r

#include <levitas/ecg.h>
#include <levitas/units.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/spi.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/sys/byteorder.h>

LOG_MODULE_REGISTER(levitas_ecg);

/* Commands. */
#define COMMAND_RESET  0x06
#define COMMAND_START  0x08
#define COMMAND_RDATAC 0x10
#define COMMAND_SDATAC 0x11
#define COMMAND_RREG   0x20
#define COMMAND_WREG   0x40

enum ads1292r_register {
	REGISTER_ID,
	REGISTER_CONFIG1,
	REGISTER_CONFIG2,
	REGISTER_LOFF,
	REGISTER_CH1SET,
	REGISTER_CH2SET,
	REGISTER_RLD_SENS,
	REGISTER_LOFF_SENS,
	REGISTER_LOFF_STAT,
	REGISTER_RESP1,
	REGISTER_RESP2,
	REGISTER_GPIO,
};

#define ID_ADS1292R 0x73

/* Data rate 1 kSPS. */
#define CONFIG1_DR_1_KSPS        0x03
#define CONFIG2_ONE              BIT(7)
#define CONFIG2_PDB_LOFF_COMP    BIT(6)
#define CONFIG2_PDB_REFBUF       BIT(5)
#define CONFIG2_VREF_4V          BIT(4)
#define LOFF_ONE                 BIT(4)
#define LOFF_ILEAD_OFF           2
#define CHSET_GAIN               4
/* Unused channel: powered down, inputs shorted. */
#define CHSET_UNUSED             0x81
/* The right leg is driven from both inputs of the channel. */
#define RLD_SENS_PDB_RLD         BIT(5)
#define BOTH_INPUTS(channel)     (0x03 << (2 * ((channel) - 1)))
/* No respiration; bits that must be one; right-leg reference from inside. */
#define RESP1_NONE               0x02
#define RESP2_RLDREF_INTERNAL    0x03

/* Frame: 24 bits of status, two channels of 24 bits. */
#define FRAME_BYTES         9
#define STATUS_MARK         0xc00000
#define STATUS_MARK_MASK    0xf00000
/* LOFF_STAT within the status: right leg, then the inputs as in LOFF_SENS. */
#define STATUS_LOFF_STAT    15
#define CODE_MAX            0x7fffff
#define CODE_MIN            (-0x800000)

/* A byte of a command must take four clocks of 512 kHz; frames have no such limit. */
#define COMMAND_HZ_MAX 1000000
#define SPI_HZ_MAX     20000000
/* A frame in a third of its period at least. */
#define SPI_HZ_MIN     (3 * FRAME_BYTES * 8 * 1000)

/* Reset: 1 ms low; registers can be written 18 clocks after it. */
#define RESET_MS      1
#define SETTLE_MS     1
/* Data-ready comes each millisecond. */
#define DATA_READY_MS 10
/* Without it for so long, the chip is set up anew. */
#define RESTART_MS    100

#define RING_SIZE   (2 * LEVITAS_ECG_BATCH)
#define PRIME_COUNT (LEVITAS_ECG_BATCH + LEVITAS_ECG_BATCH / 2)

#define MILLI_PER_UNIT 1000.0f

struct sample {
	float ecg_mv;
	/* 0, or why not. */
	int error;
};

struct ecg_config {
	struct spi_dt_spec bus;
	struct spi_dt_spec command_bus;
	struct gpio_dt_spec data_ready;
	struct gpio_dt_spec reset;
	uint8_t registers[REGISTER_GPIO];
	/* Place of the channel in the frame. */
	uint8_t frame_offset;
	/* Lead-off bits of the channel within the status. */
	uint32_t lead_off;
	float mv_per_count;
};

struct ecg_data {
	struct gpio_callback callback;
	/* Given once, when bus and pins are there. */
	struct k_sem started;
	struct k_sem frame_ready;
	struct k_spinlock lock;
	struct sample ring[RING_SIZE];
	uint32_t first;
	uint32_t count;
	bool primed;
	/* The chip has its configuration; it has had it since the start. */
	bool is_set_up;
	bool has_answered;
	/* What a fetch says while there is nothing in the ring. */
	int error;
};

static int command(const struct ecg_config *config, uint8_t code)
{
	const struct spi_buf buf = {.buf = &code, .len = 1};
	const struct spi_buf_set tx = {.buffers = &buf, .count = 1};

	return spi_write_dt(&config->command_bus, &tx) == 0 ? 0 : -EIO;
}

static int write_register(const struct ecg_config *config, uint8_t address, uint8_t value)
{
	/* The second byte is the number of registers less one. */
	uint8_t bytes[] = {COMMAND_WREG | address, 0, value};
	const struct spi_buf buf = {.buf = bytes, .len = sizeof(bytes)};
	const struct spi_buf_set tx = {.buffers = &buf, .count = 1};

	return spi_write_dt(&config->command_bus, &tx) == 0 ? 0 : -EIO;
}

static int expect(const struct ecg_config *config, uint8_t address, uint8_t value, int other)
{
	uint8_t tx_bytes[] = {COMMAND_RREG | address, 0, 0};
	uint8_t rx_bytes[sizeof(tx_bytes)];
	const struct spi_buf tx_buf = {.buf = tx_bytes, .len = sizeof(tx_bytes)};
	const struct spi_buf rx_buf = {.buf = rx_bytes, .len = sizeof(rx_bytes)};
	const struct spi_buf_set tx = {.buffers = &tx_buf, .count = 1};
	const struct spi_buf_set rx = {.buffers = &rx_buf, .count = 1};

	if (spi_transceive_dt(&config->command_bus, &tx, &rx) != 0) {
		return -EIO;
	}
	return rx_bytes[sizeof(rx_bytes) - 1] == value ? 0 : other;
}

static bool is_configured(uint8_t address)
{
	return address != REGISTER_LOFF_STAT;
}

static int start(const struct ecg_config *config)
{
	int error;

	gpio_pin_set_dt(&config->reset, 1);
	k_msleep(RESET_MS);
	gpio_pin_set_dt(&config->reset, 0);
	k_msleep(SETTLE_MS);

	/* After a reset the chip sends data and takes no other command. */
	error = command(config, COMMAND_SDATAC);
	if (error == 0) {
		error = expect(config, REGISTER_ID, ID_ADS1292R, -ENODEV);
	}
	for (uint8_t address = REGISTER_CONFIG1; error == 0 && address < REGISTER_GPIO; address++) {
		if (is_configured(address)) {
			error = write_register(config, address, config->registers[address]);
		}
		if (error == 0 && is_configured(address)) {
			error = expect(config, address, config->registers[address], -EIO);
		}
	}
	if (error == 0) {
		error = command(config, COMMAND_START);
	}
	return error == 0 ? command(config, COMMAND_RDATAC) : error;
}

static struct sample decode(const struct ecg_config *config, const uint8_t frame[FRAME_BYTES])
{
	const uint32_t status = sys_get_be24(frame);
	const int32_t code = sign_extend(sys_get_be24(&frame[config->frame_offset]), 23);

	if ((status & STATUS_MARK_MASK) != STATUS_MARK || (status & config->lead_off) != 0) {
		return (struct sample){.error = -EIO};
	}
	if (code == CODE_MAX || code == CODE_MIN) {
		return (struct sample){.error = -ERANGE};
	}
	return (struct sample){.ecg_mv = config->mv_per_count * (float)code};
}

static void drop(struct ecg_data *data, uint32_t count)
{
	data->first = (data->first + count) % RING_SIZE;
	data->count -= count;
}

static void push(struct ecg_data *data, struct sample sample)
{
	const k_spinlock_key_t key = k_spin_lock(&data->lock);

	if (data->count == RING_SIZE) {
		/* A gap, whatever comes next. */
		drop(data, 1);
		data->primed = false;
	}
	data->ring[(data->first + data->count) % RING_SIZE] = sample;
	data->count++;
	k_spin_unlock(&data->lock, key);
}

/* What is in the ring is too old to be of use. */
static void say(struct ecg_data *data, int error)
{
	const k_spinlock_key_t key = k_spin_lock(&data->lock);

	data->count = 0;
	data->primed = false;
	data->error = error;
	k_spin_unlock(&data->lock, key);
}

static int read_frame(const struct ecg_config *config, struct ecg_data *data)
{
	uint8_t frame[FRAME_BYTES];
	const struct spi_buf buf = {.buf = frame, .len = sizeof(frame)};
	const struct spi_buf_set rx = {.buffers = &buf, .count = 1};

	if (spi_read_dt(&config->bus, &rx) != 0) {
		return -EIO;
	}
	push(data, decode(config, frame));
	return 0;
}

/* Whoever fetches meanwhile is told why not. */
static int set_up(const struct device *dev)
{
	struct ecg_data *data = dev->data;
	const int error = start(dev->config);

	if (error == 0) {
		say(data, -EAGAIN);
	} else {
		say(data, data->has_answered ? -EIO : error);
	}
	data->is_set_up = error == 0;
	data->has_answered |= error == 0;
	return error;
}

static void run(void *dev_pointer, void *unused1, void *unused2)
{
	const struct device *dev = dev_pointer;
	const struct ecg_config *config = dev->config;
	struct ecg_data *data = dev->data;
	int silent_ms = 0;
	int error;

	ARG_UNUSED(unused1);
	ARG_UNUSED(unused2);
	k_sem_take(&data->started, K_FOREVER);
	while (true) {
		if (!data->is_set_up) {
			k_msleep(RESTART_MS);
			if (set_up(dev) != 0) {
				continue;
			}
			LOG_INF("%s: it answers", dev->name);
		}
		if (k_sem_take(&data->frame_ready, K_MSEC(DATA_READY_MS)) == 0) {
			silent_ms = 0;
			error = read_frame(config, data);
		} else {
			silent_ms += DATA_READY_MS;
			error = -ETIMEDOUT;
		}
		if (error != 0) {
			say(data, error);
		}
		if (silent_ms >= RESTART_MS) {
			silent_ms = 0;
			(void)set_up(dev);
		}
	}
}

static void on_data_ready(const struct device *port, struct gpio_callback *callback, gpio_port_pins_t pins)
{
	struct ecg_data *data = CONTAINER_OF(callback, struct ecg_data, callback);

	ARG_UNUSED(port);
	ARG_UNUSED(pins);
	k_sem_give(&data->frame_ready);
}

/* Takes a batch; with a sample that is none, all of it is lost. */
static int take(struct ecg_data *data, float ecg_mv[LEVITAS_ECG_BATCH])
{
	int error = 0;

	for (uint32_t i = 0; i < LEVITAS_ECG_BATCH; i++) {
		const struct sample *sample = &data->ring[(data->first + i) % RING_SIZE];

		ecg_mv[i] = sample->ecg_mv;
		if (error == 0) {
			error = sample->error;
		}
	}
	drop(data, LEVITAS_ECG_BATCH);
	return error;
}

static int ecg_fetch(const struct device *dev, float ecg_mv[LEVITAS_ECG_BATCH])
{
	struct ecg_data *data = dev->data;
	const k_spinlock_key_t key = k_spin_lock(&data->lock);
	int error;

	if (data->primed) {
		data->primed = data->count >= LEVITAS_ECG_BATCH;
	} else if (data->count >= PRIME_COUNT) {
		drop(data, data->count - PRIME_COUNT);
		data->primed = true;
	}
	if (data->primed) {
		data->error = -EAGAIN;
		error = take(data, ecg_mv);
	} else {
		error = data->error;
	}
	k_spin_unlock(&data->lock, key);
	return error;
}

static int ecg_init(const struct device *dev)
{
	const struct ecg_config *config = dev->config;
	struct ecg_data *data = dev->data;
	int error;

	if (!spi_is_ready_dt(&config->bus) || !gpio_is_ready_dt(&config->data_ready) ||
	    !gpio_is_ready_dt(&config->reset)) {
		return -ENODEV;
	}
	error = gpio_pin_configure_dt(&config->reset, GPIO_OUTPUT_ACTIVE);
	if (error == 0) {
		error = gpio_pin_configure_dt(&config->data_ready, GPIO_INPUT);
	}
	if (error == 0) {
		gpio_init_callback(&data->callback, on_data_ready, BIT(config->data_ready.pin));
		error = gpio_add_callback_dt(&config->data_ready, &data->callback);
	}
	if (error == 0) {
		error = gpio_pin_interrupt_configure_dt(&config->data_ready, GPIO_INT_EDGE_TO_ACTIVE);
	}
	if (error != 0) {
		return error;
	}
	/* A chip that does not answer yet is no reason not to be ready: the thread tries again. */
	error = set_up(dev);
	if (error != 0) {
		LOG_ERR("%s: error %d of its chip: tried again", dev->name, error);
	}
	k_sem_give(&data->started);
	return 0;
}

static const struct levitas_ecg_api ecg_api = {
	.fetch = ecg_fetch,
};

#define CHSET(inst, channel)                                                                                           \
	(DT_INST_PROP(inst, input_channel) == (channel) ? DT_INST_ENUM_IDX(inst, gain) << CHSET_GAIN : CHSET_UNUSED)

#define COMMAND_HZ(inst) MIN(DT_INST_PROP(inst, spi_max_frequency), COMMAND_HZ_MAX)

#define OPERATION (SPI_WORD_SET(8) | SPI_TRANSFER_MSB | SPI_MODE_CPHA)

#define CHECK(node)                                                                                                    \
	BUILD_ASSERT(DT_PROP(node, spi_max_frequency) <= SPI_HZ_MAX,                                                   \
		     DT_NODE_PATH(node) ": spi-max-frequency is above the 20 MHz of an ADS1292R");                     \
	BUILD_ASSERT(DT_PROP(node, spi_max_frequency) >= SPI_HZ_MIN,                                                   \
		     DT_NODE_PATH(node) ": spi-max-frequency is too low for a frame each millisecond")

#define ECG_DEFINE(inst)                                                                                               \
	CHECK(DT_DRV_INST(inst));                                                                                      \
	static const struct ecg_config ecg_config_##inst = {                                                           \
		.bus = SPI_DT_SPEC_INST_GET(inst, OPERATION, 0),                                                       \
		.command_bus =                                                                                         \
			{                                                                                              \
				.bus = DEVICE_DT_GET(DT_INST_BUS(inst)),                                               \
				.config =                                                                              \
					{                                                                              \
						.frequency = COMMAND_HZ(inst),                                         \
						.operation = OPERATION,                                                \
						.slave = DT_INST_REG_ADDR(inst),                                       \
						.cs = SPI_CS_CONTROL_INIT(DT_DRV_INST(inst), 0),                       \
					},                                                                             \
			},                                                                                             \
		.data_ready = GPIO_DT_SPEC_INST_GET(inst, drdy_gpios),                                                 \
		.reset = GPIO_DT_SPEC_INST_GET(inst, reset_gpios),                                                     \
		.registers =                                                                                           \
			{                                                                                              \
				[REGISTER_CONFIG1] = CONFIG1_DR_1_KSPS,                                                \
				[REGISTER_CONFIG2] = CONFIG2_ONE | CONFIG2_PDB_LOFF_COMP | CONFIG2_PDB_REFBUF |        \
						     (DT_INST_ENUM_IDX(inst, reference_microvolt) != 0 ?               \
							      CONFIG2_VREF_4V :                                        \
							      0),                                                      \
				[REGISTER_LOFF] = LOFF_ONE | (DT_INST_ENUM_IDX(inst, lead_off_current_nanoamp)         \
							      << LOFF_ILEAD_OFF),                                      \
				[REGISTER_CH1SET] = CHSET(inst, 1),                                                    \
				[REGISTER_CH2SET] = CHSET(inst, 2),                                                    \
				[REGISTER_RLD_SENS] =                                                                  \
					RLD_SENS_PDB_RLD | BOTH_INPUTS(DT_INST_PROP(inst, input_channel)),             \
				[REGISTER_LOFF_SENS] = BOTH_INPUTS(DT_INST_PROP(inst, input_channel)),                 \
				[REGISTER_RESP1] = RESP1_NONE,                                                         \
				[REGISTER_RESP2] = RESP2_RLDREF_INTERNAL,                                              \
			},                                                                                             \
		.frame_offset = 3 * DT_INST_PROP(inst, input_channel),                                                 \
		.lead_off = BOTH_INPUTS(DT_INST_PROP(inst, input_channel)) << STATUS_LOFF_STAT,                        \
		.mv_per_count = LEVITAS_UNIT_PER_MICRO * MILLI_PER_UNIT * DT_INST_PROP(inst, reference_microvolt) /    \
				DT_INST_PROP(inst, gain) / CODE_MAX,                                                   \
	};                                                                                                             \
	static struct ecg_data ecg_data_##inst = {                                                                     \
		.started = Z_SEM_INITIALIZER(ecg_data_##inst.started, 0, 1),                                           \
		.frame_ready = Z_SEM_INITIALIZER(ecg_data_##inst.frame_ready, 0, 1),                                   \
		.error = -EIO,                                                                                         \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, ecg_init, NULL, &ecg_data_##inst, &ecg_config_##inst, POST_KERNEL,                 \
			      CONFIG_APPLICATION_INIT_PRIORITY, &ecg_api);                                             \
	K_THREAD_DEFINE(levitas_ecg_##inst, CONFIG_LEVITAS_SENSOR_STACK_SIZE, run,                                     \
			(void *)DEVICE_DT_INST_GET(inst), NULL, NULL,                                                  \
			K_PRIO_PREEMPT(CONFIG_LEVITAS_SENSOR_PRIORITY), K_FP_REGS, 0);

DT_INST_FOREACH_STATUS_OKAY(ECG_DEFINE)
