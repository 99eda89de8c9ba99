/* SPDX-License-Identifier: Apache-2.0 */
/* Mains and battery on four inputs of a converter; charger and test load on two outputs. */
#define DT_DRV_COMPAT levitas_adc_power_supply

#include <levitas/power_supply.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/kernel.h>

#include "../analog.h"

enum {
	MAINS_VOLTAGE,
	BATTERY_VOLTAGE,
	BATTERY_CURRENT,
	LOAD_CURRENT,
	CHANNELS
};

/* What a channel measures is (input - zero) * per_volt. */
struct channel {
	struct adc_dt_spec adc;
	float zero_v;
	float per_volt;
};

struct power_supply_config {
	struct channel channels[CHANNELS];
	struct gpio_dt_spec test_load;
	struct gpio_dt_spec charger_hold;
};

/* The converter gives means since the last fetch where it makes them: levitas,ads1115. */
static int power_supply_fetch(const struct device *dev, struct levitas_power_sample *sample)
{
	static const uint32_t bits[CHANNELS] = {
		[MAINS_VOLTAGE] = LEVITAS_POWER_MAINS_VOLTAGE,
		[BATTERY_VOLTAGE] = LEVITAS_POWER_BATTERY_VOLTAGE,
		[BATTERY_CURRENT] = LEVITAS_POWER_BATTERY_CURRENT,
		[LOAD_CURRENT] = LEVITAS_POWER_LOAD_CURRENT,
	};
	const struct power_supply_config *config = dev->config;
	float values[CHANNELS] = {0};
	uint32_t measured = 0;

	for (size_t i = 0; i < CHANNELS; i++) {
		const struct channel *channel = &config->channels[i];
		float volt;

		if (analog_read_v(&channel->adc, &volt) == 0) {
			values[i] = (volt - channel->zero_v) * channel->per_volt;
			measured |= bits[i];
		}
	}
	*sample = (struct levitas_power_sample){
		.mains_v = values[MAINS_VOLTAGE],
		.battery_v = values[BATTERY_VOLTAGE],
		.battery_a = values[BATTERY_CURRENT],
		.load_a = values[LOAD_CURRENT],
		.measured = measured,
	};
	return measured != 0 ? 0 : -EIO;
}

static int power_supply_apply(const struct device *dev, bool test_load, bool hold_charger)
{
	const struct power_supply_config *config = dev->config;
	const int load_error = gpio_pin_set_dt(&config->test_load, test_load);
	const int hold_error = gpio_pin_set_dt(&config->charger_hold, hold_charger);

	return load_error != 0 ? load_error : hold_error;
}

/* No test load, the charger charges: what the battery wants of a unit that has just begun. */
static int power_supply_init(const struct device *dev)
{
	const struct power_supply_config *config = dev->config;
	int error;

	if (!gpio_is_ready_dt(&config->test_load) || !gpio_is_ready_dt(&config->charger_hold)) {
		return -ENODEV;
	}
	error = gpio_pin_configure_dt(&config->test_load, GPIO_OUTPUT_INACTIVE);
	if (error == 0) {
		error = gpio_pin_configure_dt(&config->charger_hold, GPIO_OUTPUT_INACTIVE);
	}
	for (size_t i = 0; i < CHANNELS && error == 0; i++) {
		error = analog_setup(&config->channels[i].adc);
	}
	return error;
}

static const struct levitas_power_supply_api power_supply_api = {
	.fetch = power_supply_fetch,
	.apply = power_supply_apply,
};

#define VOLTAGE(node, name)                                                                                            \
	{                                                                                                              \
		.adc = ADC_DT_SPEC_GET_BY_NAME(node, name##_voltage),                                                  \
		.per_volt = (float)DT_PROP(node, name##_full_ohms) / DT_PROP(node, name##_output_ohms),                \
	}

#define CURRENT(node, name)                                                                                            \
	{                                                                                                              \
		.adc = ADC_DT_SPEC_GET_BY_NAME(node, name##_current),                                                  \
		.zero_v = 1.0e-6f * DT_PROP(node, name##_zero_microvolt),                                              \
		.per_volt = 1.0e6f / DT_PROP(node, name##_shunt_micro_ohm) / DT_PROP(node, name##_amplifier_gain),     \
	}

#define CHECK_DIVIDER(node, name, text)                                                                                \
	BUILD_ASSERT(DT_PROP(node, name##_output_ohms) > 0, DT_NODE_PATH(node) ": " text "-output-ohms is zero");      \
	BUILD_ASSERT(DT_PROP(node, name##_full_ohms) >= DT_PROP(node, name##_output_ohms),                             \
		     DT_NODE_PATH(node) ": " text "-full-ohms is less than " text "-output-ohms");

#define CHECK_SHUNT(node, name, text)                                                                                  \
	BUILD_ASSERT(DT_PROP(node, name##_shunt_micro_ohm) > 0,                                                        \
		     DT_NODE_PATH(node) ": " text "-shunt-micro-ohm is zero");                                         \
	BUILD_ASSERT(DT_PROP(node, name##_amplifier_gain) > 0,                                                         \
		     DT_NODE_PATH(node) ": " text "-amplifier-gain is zero");

#define ARE_ONE(node, a, b)                                                                                            \
	(DT_SAME_NODE(DT_IO_CHANNELS_CTLR_BY_NAME(node, a), DT_IO_CHANNELS_CTLR_BY_NAME(node, b)) &&                   \
	 DT_IO_CHANNELS_INPUT_BY_NAME(node, a) == DT_IO_CHANNELS_INPUT_BY_NAME(node, b))

#define POWER_SUPPLY_CHECK(node)                                                                                       \
	CHECK_DIVIDER(node, mains, "mains")                                                                            \
	CHECK_DIVIDER(node, battery, "battery")                                                                        \
	CHECK_SHUNT(node, battery, "battery")                                                                          \
	CHECK_SHUNT(node, load, "load")                                                                                \
	BUILD_ASSERT(DT_PROP(node, battery_zero_microvolt) > 0,                                                        \
		     DT_NODE_PATH(node) ": battery-zero-microvolt leaves no room for the charger's current");          \
	BUILD_ASSERT(!(ARE_ONE(node, mains_voltage, battery_voltage) || ARE_ONE(node, mains_voltage, battery_current) || \
		       ARE_ONE(node, mains_voltage, load_current) || ARE_ONE(node, battery_voltage, battery_current) || \
		       ARE_ONE(node, battery_voltage, load_current) || ARE_ONE(node, battery_current, load_current)),  \
		     DT_NODE_PATH(node) ": io-channels has an input twice");

#define POWER_SUPPLY_DEFINE(inst)                                                                                      \
	POWER_SUPPLY_CHECK(DT_DRV_INST(inst))                                                                          \
	static const struct power_supply_config power_supply_config_##inst = {                                         \
		.channels =                                                                                            \
			{                                                                                              \
				[MAINS_VOLTAGE] = VOLTAGE(DT_DRV_INST(inst), mains),                                   \
				[BATTERY_VOLTAGE] = VOLTAGE(DT_DRV_INST(inst), battery),                               \
				[BATTERY_CURRENT] = CURRENT(DT_DRV_INST(inst), battery),                               \
				[LOAD_CURRENT] = CURRENT(DT_DRV_INST(inst), load),                                     \
			},                                                                                             \
		.test_load = GPIO_DT_SPEC_INST_GET(inst, test_load_gpios),                                             \
		.charger_hold = GPIO_DT_SPEC_INST_GET(inst, charger_hold_gpios),                                       \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, power_supply_init, NULL, NULL, &power_supply_config_##inst, POST_KERNEL,           \
			      CONFIG_APPLICATION_INIT_PRIORITY, &power_supply_api);

DT_INST_FOREACH_STATUS_OKAY(POWER_SUPPLY_DEFINE)
