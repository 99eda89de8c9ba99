/* SPDX-License-Identifier: Apache-2.0 */
/* Alarm signal on a PWM channel and two outputs. */
#define DT_DRV_COMPAT levitas_alarm_signal

#include <levitas/alarm_signal.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/pwm.h>

struct alarm_signal_config {
	struct pwm_dt_spec buzzer;
	struct gpio_dt_spec red;
	struct gpio_dt_spec yellow;
};

/* What is out there; of what could not be written nothing is known. */
struct alarm_signal_data {
	uint32_t tone_hz;
	enum levitas_alarm_light light;
	bool tone_known;
	bool light_known;
};

static int set_tone(const struct pwm_dt_spec *buzzer, uint32_t tone_hz)
{
	const uint32_t period_ns = tone_hz == 0 ? buzzer->period : PWM_HZ(tone_hz);

	return pwm_set_dt(buzzer, period_ns, tone_hz == 0 ? 0 : period_ns / 2);
}

static int set_light(const struct alarm_signal_config *config, enum levitas_alarm_light light)
{
	const int red = gpio_pin_set_dt(&config->red, light == LEVITAS_ALARM_LIGHT_RED);
	const int yellow = gpio_pin_set_dt(&config->yellow, light == LEVITAS_ALARM_LIGHT_YELLOW);

	return red != 0 ? red : yellow;
}

static int alarm_signal_set(const struct device *dev, uint32_t tone_hz, enum levitas_alarm_light light)
{
	const struct alarm_signal_config *config = dev->config;
	struct alarm_signal_data *data = dev->data;
	int tone_error = 0;
	int light_error = 0;

	if (!data->tone_known || data->tone_hz != tone_hz) {
		tone_error = set_tone(&config->buzzer, tone_hz);
		data->tone_known = tone_error == 0;
		data->tone_hz = tone_hz;
	}
	if (!data->light_known || data->light != light) {
		light_error = set_light(config, light);
		data->light_known = light_error == 0;
		data->light = light;
	}
	return tone_error != 0 ? tone_error : light_error;
}

static int alarm_signal_init(const struct device *dev)
{
	const struct alarm_signal_config *config = dev->config;
	int error;

	if (!pwm_is_ready_dt(&config->buzzer) || !gpio_is_ready_dt(&config->red) || !gpio_is_ready_dt(&config->yellow)) {
		return -ENODEV;
	}
	error = gpio_pin_configure_dt(&config->red, GPIO_OUTPUT_INACTIVE);
	if (error == 0) {
		error = gpio_pin_configure_dt(&config->yellow, GPIO_OUTPUT_INACTIVE);
	}
	return error;
}

static const struct levitas_alarm_signal_api alarm_signal_api = {
	.set = alarm_signal_set,
};

#define ALARM_SIGNAL_CHECK(node)                                                                                       \
	BUILD_ASSERT(!(DT_SAME_NODE(DT_GPIO_CTLR(node, red_gpios), DT_GPIO_CTLR(node, yellow_gpios)) &&                \
		       DT_GPIO_PIN(node, red_gpios) == DT_GPIO_PIN(node, yellow_gpios)),                               \
		     DT_NODE_PATH(node) ": red-gpios and yellow-gpios are one pin");                                   \
	BUILD_ASSERT(DT_PWMS_PERIOD(node) > 0, DT_NODE_PATH(node) ": pwms has no period for the silence");

#define ALARM_SIGNAL_DEFINE(inst)                                                                                      \
	ALARM_SIGNAL_CHECK(DT_DRV_INST(inst))                                                                          \
	static const struct alarm_signal_config alarm_signal_config_##inst = {                                         \
		.buzzer = PWM_DT_SPEC_INST_GET(inst),                                                   \
		.red = GPIO_DT_SPEC_INST_GET(inst, red_gpios),                                                         \
		.yellow = GPIO_DT_SPEC_INST_GET(inst, yellow_gpios),                                                   \
	};                                                                                                             \
	static struct alarm_signal_data alarm_signal_data_##inst;                                                      \
	DEVICE_DT_INST_DEFINE(inst, alarm_signal_init, NULL, &alarm_signal_data_##inst, &alarm_signal_config_##inst,   \
			      POST_KERNEL, CONFIG_APPLICATION_INIT_PRIORITY, &alarm_signal_api);

DT_INST_FOREACH_STATUS_OKAY(ALARM_SIGNAL_DEFINE)
