/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heater at the mains behind a solid-state switch and a relay, its meters and the water pump.
 *
 * The switch is closed for whole waves of the mains, as many as the duty says and spread evenly: with each wave the
 * duty is added to a rest; a rest of 1 closes the switch for this wave and loses the 1. Half waves would leave a direct
 * current in the mains. The switch closes where the mains cross zero, so the timer that counts the waves need not know
 * where that is.
 *
 * A wave has all of the power or nothing, and a sample has five of them: what is shown as the power is the mean of the
 * last samples over power-window-ms.
 */
#define DT_DRV_COMPAT levitas_relay_heater

#include <levitas/heater.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/atomic.h>

#include "../analog.h"

/* Duty of 1, as the timer counts it. */
#define FULL  65536
/* Power samples that are kept. The control takes one every 100 ms. */
#define PARTS 16
/* 60 and 50 Hz, a tenth off. */
#define WAVE_US_MIN 15000
#define WAVE_US_MAX 22000
/* What holds the relay. */
#define HOLD_MS_MAX 500
/* A step of the power must be seen before the control, which waits for a second, takes it for a fault. */
#define POWER_WINDOW_MS_MAX 700

enum {
	POWER,
	LEAKAGE,
	WATER_FLOW,
	WATER_LEVEL,
	METERS
};

/* A meter with a live zero: well below it its wire is broken. */
struct meter {
	struct adc_dt_spec adc;
	float zero_v;
	float volt_per_unit;
};

struct heater_config {
	struct meter meters[METERS];
	struct gpio_dt_spec heater_switch;
	struct gpio_dt_spec relay;
	struct gpio_dt_spec alive;
	struct gpio_dt_spec water_pump;
	struct gpio_dt_spec fuse;
	uint32_t wave_us;
	uint32_t hold_waves;
	uint32_t power_window_ms;
};

struct heater_data {
	const struct heater_config *config;
	struct k_timer timer;
	/* Written by the caller, read by the timer. */
	atomic_t duty;
	/* Waves until a command is too old to heat. */
	atomic_t hold;
	/* The timer's own. */
	uint32_t rest;
	/* The caller's own: the mean power of samples, and for how long it was so. */
	struct {
		float power_w;
		uint32_t ms;
	} parts[PARTS];
	size_t newest;
	uint32_t fetched_ms;
};

static void wave(struct k_timer *timer)
{
	struct heater_data *data = CONTAINER_OF(timer, struct heater_data, timer);
	bool closed;

	data->rest += (uint32_t)atomic_get(&data->duty);
	closed = data->rest >= FULL;
	if (closed) {
		data->rest -= FULL;
	}
	if (atomic_get(&data->hold) > 0) {
		atomic_dec(&data->hold);
	} else {
		closed = false;
	}
	(void)gpio_pin_set_dt(&data->config->heater_switch, closed);
}

/* First error of several; all are tried. */
static void keep_first(int *error, int next)
{
	*error = *error != 0 ? *error : next;
}

static int heater_apply(const struct device *dev, const struct levitas_heater_command *command)
{
	const struct heater_config *config = dev->config;
	struct heater_data *data = dev->data;
	const bool is_number = !__builtin_isnan(command->duty);
	const bool has_fuse = gpio_pin_get_dt(&config->fuse) == 1;
	const bool may_heat = is_number && has_fuse;
	const float duty = may_heat ? CLAMP(command->duty, 0.0f, 1.0f) : 0.0f;
	int error = is_number ? 0 : -EINVAL;

	keep_first(&error, has_fuse ? 0 : -EIO);
	atomic_set(&data->duty, (atomic_val_t)(duty * FULL));
	atomic_set(&data->hold, config->hold_waves);
	if (atomic_get(&data->duty) == 0) {
		/* At once, not with the next wave. The timer cannot close it again: its rest is below 1. */
		keep_first(&error, gpio_pin_set_dt(&config->heater_switch, 0));
	}
	keep_first(&error, gpio_pin_set_dt(&config->relay, may_heat && command->relay));
	keep_first(&error, gpio_pin_set_dt(&config->alive, command->alive));
	keep_first(&error, gpio_pin_set_dt(&config->water_pump, command->water_pump));
	return error;
}

static int read_meter(const struct meter *meter, float *value)
{
	float volt;

	if (analog_read_v(&meter->adc, &volt) != 0 || volt < 0.5f * meter->zero_v) {
		return -EIO;
	}
	*value = (volt - meter->zero_v) / meter->volt_per_unit;
	return 0;
}

/* Mean of the last samples over the window, this one included. */
static float mean_power_w(struct heater_data *data, uint32_t window_ms, float power_w)
{
	const uint32_t now_ms = k_uptime_get_32();
	float sum = 0.0f;
	uint32_t left_ms = window_ms;

	data->newest = (data->newest + 1) % PARTS;
	data->parts[data->newest].power_w = power_w;
	data->parts[data->newest].ms = MAX(now_ms - data->fetched_ms, 1);
	data->fetched_ms = now_ms;
	for (size_t i = 0; i < PARTS; i++) {
		const size_t part = (data->newest + PARTS - i) % PARTS;
		const uint32_t ms = MIN(data->parts[part].ms, left_ms);

		sum += data->parts[part].power_w * (float)ms;
		left_ms -= ms;
	}
	return sum / (float)(window_ms - left_ms);
}

static int heater_fetch(const struct device *dev, struct levitas_heater_sample *sample)
{
	const struct heater_config *config = dev->config;
	struct heater_data *data = dev->data;
	float values[METERS];

	for (size_t i = 0; i < METERS; i++) {
		if (read_meter(&config->meters[i], &values[i]) != 0) {
			return -EIO;
		}
	}
	*sample = (struct levitas_heater_sample){
		.power_w = mean_power_w(data, config->power_window_ms, values[POWER]),
		.leakage_ma = values[LEAKAGE],
		.water_flow_lpm = values[WATER_FLOW],
		.water_level = values[WATER_LEVEL],
	};
	return 0;
}

static int heater_init(const struct device *dev)
{
	const struct heater_config *config = dev->config;
	struct heater_data *data = dev->data;
	const struct gpio_dt_spec *const outputs[] = {&config->heater_switch, &config->relay, &config->alive,
						      &config->water_pump};
	const struct gpio_dt_spec *const fuse = &config->fuse;
	int error = 0;

	/* Before anything that can fail: nothing heats. */
	for (size_t i = 0; i < ARRAY_SIZE(outputs); i++) {
		keep_first(&error, !gpio_is_ready_dt(outputs[i])
					   ? -ENODEV
					   : gpio_pin_configure_dt(outputs[i], GPIO_OUTPUT_INACTIVE));
	}
	keep_first(&error, !gpio_is_ready_dt(fuse) ? -ENODEV : gpio_pin_configure_dt(fuse, GPIO_INPUT));
	for (size_t i = 0; i < METERS; i++) {
		keep_first(&error, analog_setup(&config->meters[i].adc));
	}
	if (error != 0) {
		return error;
	}
	data->config = config;
	data->fetched_ms = k_uptime_get_32();
	k_timer_init(&data->timer, wave, NULL);
	k_timer_start(&data->timer, K_USEC(config->wave_us), K_USEC(config->wave_us));
	return 0;
}

static const struct levitas_heater_api heater_api = {
	.apply = heater_apply,
	.fetch = heater_fetch,
};

#define METER(node, name, per)                                                                                         \
	{                                                                                                              \
		.adc = ADC_DT_SPEC_GET_BY_NAME(node, name),                                                            \
		.zero_v = 1.0e-6f * DT_PROP(node, name##_zero_microvolt),                                              \
		.volt_per_unit = 1.0e-6f * DT_PROP(node, name##_microvolt_per_##per),                                  \
	}

#define CHECK_METER(node, name, per, text, unit)                                                                       \
	BUILD_ASSERT(DT_PROP(node, name##_zero_microvolt) > 0,                                                         \
		     DT_NODE_PATH(node) ": " text "-zero-microvolt is zero: a broken wire would read as nothing");     \
	BUILD_ASSERT(DT_PROP(node, name##_microvolt_per_##per) > 0,                                                    \
		     DT_NODE_PATH(node) ": " text "-microvolt-per-" unit " is zero");

#define ARE_ONE(node, a, b)                                                                                            \
	(DT_SAME_NODE(DT_GPIO_CTLR(node, a), DT_GPIO_CTLR(node, b)) && DT_GPIO_PIN(node, a) == DT_GPIO_PIN(node, b))

#define HEATER_CHECK(node)                                                                                             \
	CHECK_METER(node, power, watt, "power", "watt")                                                                \
	CHECK_METER(node, leakage, milliampere, "leakage", "milliampere")                                              \
	CHECK_METER(node, water_flow, lpm, "water-flow", "lpm")                                                        \
	CHECK_METER(node, water_level, full, "water-level", "full")                                                    \
	BUILD_ASSERT(DT_PROP(node, mains_wave_us) >= WAVE_US_MIN && DT_PROP(node, mains_wave_us) <= WAVE_US_MAX,       \
		     DT_NODE_PATH(node) ": mains-wave-us is no wave of 50 or 60 Hz");                                  \
	BUILD_ASSERT(DT_PROP(node, hold_ms) * 1000 >= DT_PROP(node, mains_wave_us) &&                                  \
			     DT_PROP(node, hold_ms) <= HOLD_MS_MAX,                                                    \
		     DT_NODE_PATH(node) ": hold-ms is not from one wave to 500 ms");                          \
	BUILD_ASSERT(DT_PROP(node, power_window_ms) * 1000 >= DT_PROP(node, mains_wave_us) &&                          \
			     DT_PROP(node, power_window_ms) <= POWER_WINDOW_MS_MAX,                                    \
		     DT_NODE_PATH(node) ": power-window-ms is not from one wave to 700 ms");                    \
	BUILD_ASSERT(!ARE_ONE(node, switch_gpios, relay_gpios) && !ARE_ONE(node, switch_gpios, alive_gpios) &&         \
			     !ARE_ONE(node, relay_gpios, alive_gpios),                                                 \
		     DT_NODE_PATH(node) ": switch-gpios, relay-gpios and alive-gpios are not three pins");

#define HEATER_DEFINE(inst)                                                                                            \
	HEATER_CHECK(DT_DRV_INST(inst))                                                                                \
	static struct heater_data heater_data_##inst;                                                                  \
	static const struct heater_config heater_config_##inst = {                                                     \
		.meters =                                                                                              \
			{                                                                                              \
				[POWER] = METER(DT_DRV_INST(inst), power, watt),                                       \
				[LEAKAGE] = METER(DT_DRV_INST(inst), leakage, milliampere),                            \
				[WATER_FLOW] = METER(DT_DRV_INST(inst), water_flow, lpm),                              \
				[WATER_LEVEL] = METER(DT_DRV_INST(inst), water_level, full),                           \
			},                                                                                             \
		.heater_switch = GPIO_DT_SPEC_INST_GET(inst, switch_gpios),                                            \
		.relay = GPIO_DT_SPEC_INST_GET(inst, relay_gpios),                                                     \
		.alive = GPIO_DT_SPEC_INST_GET(inst, alive_gpios),                                                     \
		.water_pump = GPIO_DT_SPEC_INST_GET(inst, water_pump_gpios),                                           \
		.fuse = GPIO_DT_SPEC_INST_GET(inst, fuse_gpios),                                                       \
		.wave_us = DT_INST_PROP(inst, mains_wave_us),                                                          \
		.hold_waves = DT_INST_PROP(inst, hold_ms) * 1000 / DT_INST_PROP(inst, mains_wave_us),                  \
		.power_window_ms = DT_INST_PROP(inst, power_window_ms),                                                \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, heater_init, NULL, &heater_data_##inst, &heater_config_##inst, POST_KERNEL,        \
			      CONFIG_APPLICATION_INIT_PRIORITY, &heater_api);

DT_INST_FOREACH_STATUS_OKAY(HEATER_DEFINE)
