/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TI DRV8353S: registers of the motor's gate driver. Names are those of the data sheet SLVSDY6, register maps.
 *
 * A frame has 16 bits: read or write, four bits of address, eleven of data. It has no check bits, so everything written is
 * read back, at start and with each question for faults: a chip that went through a brown-out has its reset values. A
 * thread asks all the time. It mends nothing: while a chip wakes up nFAULT may be low, which is a break of the inverter.
 */
#define DT_DRV_COMPAT ti_drv8353

#include <levitas/gate_driver.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/spi.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/sys/atomic.h>
#include <zephyr/sys/byteorder.h>

LOG_MODULE_REGISTER(levitas_gate_driver);

#define FRAME_READ    BIT(15)
#define FRAME_ADDRESS 11
#define FRAME_DATA    GENMASK(10, 0)

enum drv8353_register {
	FAULT_STATUS_1,
	VGS_STATUS_2,
	DRIVER_CONTROL,
	GATE_DRIVE_HS,
	GATE_DRIVE_LS,
	OCP_CONTROL,
	CSA_CONTROL,
	REGISTER_COUNT,
};

#define FIRST_CONFIGURED DRIVER_CONTROL

#define DRIVER_CONTROL_CLR_FLT BIT(0)
/* An overcurrent shuts all three half bridges, not only its own. */
#define DRIVER_CONTROL_OCP_ACT BIT(10)

#define GATE_DRIVE_HS_LOCK   (6 << 8)
#define GATE_DRIVE_IDRIVEP   4
#define GATE_DRIVE_LS_TDRIVE 8

#define OCP_CONTROL_DEAD_TIME 8
#define OCP_CONTROL_OCP_DEG   4

/* Half of VREF is no current. */
#define CSA_CONTROL_VREF_DIV     BIT(9)
#define CSA_CONTROL_GAIN         6
#define CSA_CONTROL_SEN_LVL_1_V  3

/* Reset values by which the chip is known; it has no identification. */
#define GATE_DRIVE_HS_RESET 0x3ff
#define GATE_DRIVE_LS_RESET 0x7ff

/* Bits of the first status register that are named; those above them are sums of others. */
#define STATUS_1_FAULTS GENMASK(LEVITAS_GATE_FAULT_UNDERVOLTAGE, 0)

/* From ENABLE low to reset registers, and from high to ready: 1 ms each. */
#define SLEEP_MS 2
#define WAKE_MS  2

#define SPI_HZ_MAX 10000000

#define ASK_MS 100
/* A bus without check bits beside bridges that switch: one answer is not believed. */
#define ASKS_ALIKE 3
#define FOUND_MS_MAX 1000

struct gate_driver_config {
	struct spi_dt_spec bus;
	struct gpio_dt_spec enable;
	/* By address; only those from FIRST_CONFIGURED on. */
	uint16_t registers[REGISTER_COUNT];
	k_thread_stack_t *stack;
	size_t stack_size;
};

struct gate_driver_data {
	struct k_mutex bus_lock;
	bool awake;
	/* What the thread has found: of the bus, and of the chip. */
	atomic_t found;
	/* When it was last asked [ms since the start]. */
	atomic_t asked_ms;
	/* Whether the last answer was a good one, and how many in a row were alike in that. */
	bool is_good;
	uint32_t alike;
	uint32_t faults;
	struct k_thread thread;
};

const char *levitas_gate_driver_fault_name(enum levitas_gate_driver_fault fault)
{
	static const char *const names[] = {
		[LEVITAS_GATE_FAULT_VDS_LC] = "overcurrent in low switch C",
		[LEVITAS_GATE_FAULT_VDS_HC] = "overcurrent in high switch C",
		[LEVITAS_GATE_FAULT_VDS_LB] = "overcurrent in low switch B",
		[LEVITAS_GATE_FAULT_VDS_HB] = "overcurrent in high switch B",
		[LEVITAS_GATE_FAULT_VDS_LA] = "overcurrent in low switch A",
		[LEVITAS_GATE_FAULT_VDS_HA] = "overcurrent in high switch A",
		[LEVITAS_GATE_FAULT_OVERTEMPERATURE] = "overtemperature",
		[LEVITAS_GATE_FAULT_UNDERVOLTAGE] = "supply undervoltage",
		[LEVITAS_GATE_FAULT_VGS_LC] = "gate of low switch C",
		[LEVITAS_GATE_FAULT_VGS_HC] = "gate of high switch C",
		[LEVITAS_GATE_FAULT_VGS_LB] = "gate of low switch B",
		[LEVITAS_GATE_FAULT_VGS_HB] = "gate of high switch B",
		[LEVITAS_GATE_FAULT_VGS_LA] = "gate of low switch A",
		[LEVITAS_GATE_FAULT_VGS_HA] = "gate of high switch A",
		[LEVITAS_GATE_FAULT_GATE_UNDERVOLTAGE] = "gate supply undervoltage",
		[LEVITAS_GATE_FAULT_TEMPERATURE_WARNING] = "temperature warning",
		[LEVITAS_GATE_FAULT_SHUNT_C] = "overcurrent in shunt C",
		[LEVITAS_GATE_FAULT_SHUNT_B] = "overcurrent in shunt B",
		[LEVITAS_GATE_FAULT_SHUNT_A] = "overcurrent in shunt A",
	};

	BUILD_ASSERT(ARRAY_SIZE(names) == LEVITAS_GATE_FAULT_COUNT);
	return (unsigned int)fault < ARRAY_SIZE(names) ? names[fault] : "?";
}

static int transfer(const struct gate_driver_config *config, uint16_t frame, uint16_t *answer)
{
	uint8_t tx[sizeof(frame)];
	uint8_t rx[sizeof(frame)];
	const struct spi_buf tx_buf = {.buf = tx, .len = sizeof(tx)};
	const struct spi_buf rx_buf = {.buf = rx, .len = sizeof(rx)};
	const struct spi_buf_set tx_set = {.buffers = &tx_buf, .count = 1};
	const struct spi_buf_set rx_set = {.buffers = &rx_buf, .count = 1};

	sys_put_be16(frame, tx);
	if (spi_transceive_dt(&config->bus, &tx_set, &rx_set) != 0) {
		return -EIO;
	}
	*answer = sys_get_be16(rx) & FRAME_DATA;
	return 0;
}

static int read_register(const struct gate_driver_config *config, uint8_t address, uint16_t *value)
{
	return transfer(config, FRAME_READ | (address << FRAME_ADDRESS), value);
}

static int write_register(const struct gate_driver_config *config, uint8_t address, uint16_t value)
{
	uint16_t before;

	return transfer(config, (address << FRAME_ADDRESS) | value, &before);
}

static int expect(const struct gate_driver_config *config, uint8_t address, uint16_t value, int other)
{
	uint16_t found;
	const int error = read_register(config, address, &found);

	if (error != 0) {
		return error;
	}
	return found == value ? 0 : other;
}

static int verify(const struct gate_driver_config *config)
{
	int error = 0;

	for (uint8_t address = FIRST_CONFIGURED; error == 0 && address < REGISTER_COUNT; address++) {
		error = expect(config, address, config->registers[address], -EIO);
	}
	return error;
}

/* The lock comes last: after it the chip takes nothing but the unlock and CLR_FLT. */
static int configure(const struct gate_driver_config *config)
{
	int error = expect(config, GATE_DRIVE_HS, GATE_DRIVE_HS_RESET, -ENODEV);

	if (error == 0) {
		error = expect(config, GATE_DRIVE_LS, GATE_DRIVE_LS_RESET, -ENODEV);
	}
	for (uint8_t address = FIRST_CONFIGURED; error == 0 && address < REGISTER_COUNT; address++) {
		if (address != GATE_DRIVE_HS) {
			error = write_register(config, address, config->registers[address]);
		}
	}
	if (error == 0) {
		error = write_register(config, GATE_DRIVE_HS, config->registers[GATE_DRIVE_HS]);
	}
	return error == 0 ? verify(config) : error;
}

static int gate_driver_enable(const struct device *dev, bool enable)
{
	const struct gate_driver_config *config = dev->config;
	struct gate_driver_data *data = dev->data;
	int error;

	k_mutex_lock(&data->bus_lock, K_FOREVER);
	data->awake = false;
	error = gpio_pin_set_dt(&config->enable, 0);
	if (error == 0 && enable) {
		k_msleep(SLEEP_MS);
		error = gpio_pin_set_dt(&config->enable, 1);
		k_msleep(WAKE_MS);
		if (error == 0) {
			error = configure(config);
		}
		data->awake = error == 0;
		if (error != 0) {
			gpio_pin_set_dt(&config->enable, 0);
		}
	}
	k_mutex_unlock(&data->bus_lock);
	return error;
}

static int gate_driver_faults(const struct device *dev, uint32_t *faults)
{
	const struct gate_driver_config *config = dev->config;
	struct gate_driver_data *data = dev->data;
	uint16_t status[2];
	int error = -EAGAIN;

	k_mutex_lock(&data->bus_lock, K_FOREVER);
	if (data->awake) {
		error = verify(config);
		if (error == 0) {
			error = read_register(config, FAULT_STATUS_1, &status[0]);
		}
		if (error == 0) {
			error = read_register(config, VGS_STATUS_2, &status[1]);
		}
	}
	k_mutex_unlock(&data->bus_lock);
	if (error == 0) {
		*faults = (status[0] & STATUS_1_FAULTS) | ((uint32_t)status[1] << LEVITAS_GATE_FAULT_VGS_LC);
	}
	return error;
}

/* The log names what has changed. */
static void ask(const struct device *dev)
{
	struct gate_driver_data *data = dev->data;
	uint32_t faults = 0;
	int found = gate_driver_faults(dev, &faults);

	if (found == 0 && (faults & ~BIT(LEVITAS_GATE_FAULT_TEMPERATURE_WARNING)) != 0) {
		found = -EFAULT;
	}
	for (uint32_t fault = 0; fault < LEVITAS_GATE_FAULT_COUNT; fault++) {
		if ((faults & ~data->faults & BIT(fault)) != 0) {
			LOG_ERR("%s: %s", dev->name, levitas_gate_driver_fault_name(fault));
		}
	}
	data->alike = (found == 0) == data->is_good ? data->alike + 1 : 1;
	data->is_good = found == 0;
	if (found == 0 || found == -EFAULT) {
		data->faults = faults;
	}
	atomic_set(&data->asked_ms, k_uptime_get_32());
	if (data->alike < ASKS_ALIKE) {
		return;
	}
	if (found != atomic_get(&data->found) && found != -EFAULT) {
		LOG_ERR("%s: %s", dev->name,
			found == 0         ? "no fault any more"
			: found == -EAGAIN ? "asleep"
					   : "no answer, or not its configuration");
	}
	atomic_set(&data->found, found);
}

static void run(void *device, void *unused1, void *unused2)
{
	ARG_UNUSED(unused1);
	ARG_UNUSED(unused2);
	while (true) {
		k_msleep(ASK_MS);
		ask(device);
	}
}

static int gate_driver_check(const struct device *dev)
{
	struct gate_driver_data *data = dev->data;
	/* First, or the thread asks in between. */
	const uint32_t asked_ms = (uint32_t)atomic_get(&data->asked_ms);
	const uint32_t age_ms = k_uptime_get_32() - asked_ms;

	return age_ms > FOUND_MS_MAX ? -ETIMEDOUT : atomic_get(&data->found);
}

static int gate_driver_clear(const struct device *dev)
{
	const struct gate_driver_config *config = dev->config;
	struct gate_driver_data *data = dev->data;
	int error = -EAGAIN;

	k_mutex_lock(&data->bus_lock, K_FOREVER);
	if (data->awake) {
		error = write_register(config, DRIVER_CONTROL,
				       config->registers[DRIVER_CONTROL] | DRIVER_CONTROL_CLR_FLT);
	}
	k_mutex_unlock(&data->bus_lock);
	return error;
}

static int gate_driver_init(const struct device *dev)
{
	const struct gate_driver_config *config = dev->config;
	struct gate_driver_data *data = dev->data;
	int error;

	k_mutex_init(&data->bus_lock);
	if (!gpio_is_ready_dt(&config->enable)) {
		return -ENODEV;
	}
	error = gpio_pin_configure_dt(&config->enable, GPIO_OUTPUT_INACTIVE);
	if (error != 0) {
		return error;
	}
	if (!spi_is_ready_dt(&config->bus)) {
		return -ENODEV;
	}
	error = gate_driver_enable(dev, true);
	if (error == 0) {
		ask(dev);
		k_thread_create(&data->thread, config->stack, config->stack_size, run, (void *)dev, NULL, NULL,
				CONFIG_LEVITAS_GATE_DRIVER_PRIORITY, 0, K_NO_WAIT);
		error = k_thread_name_set(&data->thread, dev->name);
	}
	return error;
}

static const struct levitas_gate_driver_api gate_driver_api = {
	.enable = gate_driver_enable,
	.faults = gate_driver_faults,
	.clear = gate_driver_clear,
	.check = gate_driver_check,
};

/* Codes 0 and 1 of IDRIVE are the same current. */
#define IDRIVE(node)                                                                                                   \
	(((DT_ENUM_IDX(node, gate_source_milliamp) + 1) << GATE_DRIVE_IDRIVEP) |                                       \
	 (DT_ENUM_IDX(node, gate_sink_milliamp) + 1))

#define CHECK(node)                                                                                                    \
	BUILD_ASSERT(DT_PROP(node, spi_max_frequency) <= SPI_HZ_MAX,                                                   \
		     DT_NODE_PATH(node) ": spi-max-frequency is above the 10 MHz of a DRV8353");                       \
	BUILD_ASSERT(DT_PROP(node, gate_sink_milliamp) >= DT_PROP(node, gate_source_milliamp),                         \
		     DT_NODE_PATH(node) ": gate-sink-milliamp is less than gate-source-milliamp");                     \
	BUILD_ASSERT(DT_PROP(node, current_sense_gain) == DT_PROP(DT_PHANDLE(node, inverter), amplifier_gain),         \
		     DT_NODE_PATH(node) ": current-sense-gain is not amplifier-gain of the inverter")

#define GATE_DRIVER_DEFINE(inst)                                                                                       \
	CHECK(DT_DRV_INST(inst));                                                                                      \
	static K_KERNEL_STACK_DEFINE(gate_driver_stack_##inst, CONFIG_LEVITAS_GATE_DRIVER_STACK_SIZE);                 \
	static const struct gate_driver_config gate_driver_config_##inst = {                                           \
		.bus = SPI_DT_SPEC_INST_GET(inst, SPI_WORD_SET(8) | SPI_TRANSFER_MSB | SPI_MODE_CPHA, 0),              \
		.enable = GPIO_DT_SPEC_INST_GET(inst, enable_gpios),                                                   \
		.registers = {                                                                                         \
			[DRIVER_CONTROL] = DRIVER_CONTROL_OCP_ACT,                                                     \
			[GATE_DRIVE_HS] = GATE_DRIVE_HS_LOCK | IDRIVE(DT_DRV_INST(inst)),                              \
			[GATE_DRIVE_LS] = (DT_INST_ENUM_IDX(inst, gate_drive_time_ns) << GATE_DRIVE_LS_TDRIVE) |       \
					  IDRIVE(DT_DRV_INST(inst)),                                                   \
			[OCP_CONTROL] = (DT_INST_ENUM_IDX(inst, dead_time_ns) << OCP_CONTROL_DEAD_TIME) |              \
					(DT_INST_ENUM_IDX(inst, overcurrent_deglitch_us) << OCP_CONTROL_OCP_DEG) |     \
					DT_INST_ENUM_IDX(inst, overcurrent_millivolt),                                 \
			[CSA_CONTROL] = CSA_CONTROL_VREF_DIV | CSA_CONTROL_SEN_LVL_1_V |                               \
					(DT_INST_ENUM_IDX(inst, current_sense_gain) << CSA_CONTROL_GAIN),              \
		},                                                                                                     \
		.stack = gate_driver_stack_##inst,                                                                     \
		.stack_size = K_KERNEL_STACK_SIZEOF(gate_driver_stack_##inst),                                         \
	};                                                                                                             \
	static struct gate_driver_data gate_driver_data_##inst;                                                        \
	DEVICE_DT_INST_DEFINE(inst, gate_driver_init, NULL, &gate_driver_data_##inst, &gate_driver_config_##inst,      \
			      POST_KERNEL, CONFIG_APPLICATION_INIT_PRIORITY, &gate_driver_api);

DT_INST_FOREACH_STATUS_OKAY(GATE_DRIVER_DEFINE)
