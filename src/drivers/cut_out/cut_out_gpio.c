/* SPDX-License-Identifier: Apache-2.0 */
/* Relay and button of the cut-out on an output and an input. */
#define DT_DRV_COMPAT levitas_gpio_cut_out

#include <levitas/cut_out.h>
#include <zephyr/drivers/gpio.h>

struct cut_out_config {
	struct gpio_dt_spec permit;
	struct gpio_dt_spec button;
};

struct cut_out_data {
	/* What the input showed at the last reading, and what is believed. */
	bool was_closed;
	bool pressed;
};

static int cut_out_permit(const struct device *dev, bool level)
{
	const struct cut_out_config *config = dev->config;

	return gpio_pin_set_dt(&config->permit, level);
}

static int cut_out_button(const struct device *dev, bool *pressed)
{
	const struct cut_out_config *config = dev->config;
	struct cut_out_data *data = dev->data;
	const int closed = gpio_pin_get_dt(&config->button);

	if (closed < 0) {
		/* Before it counts again it must be seen twice again. */
		*data = (struct cut_out_data){0};
		return -EIO;
	}
	/* The caller's period, far over any bounce, is between two readings that agree. */
	if ((closed != 0) == data->was_closed) {
		data->pressed = closed != 0;
	}
	data->was_closed = closed != 0;
	*pressed = data->pressed;
	return 0;
}

static int cut_out_init(const struct device *dev)
{
	const struct cut_out_config *config = dev->config;
	int error;

	if (!gpio_is_ready_dt(&config->permit) || !gpio_is_ready_dt(&config->button)) {
		return -ENODEV;
	}
	error = gpio_pin_configure_dt(&config->permit, GPIO_OUTPUT_INACTIVE);
	return error != 0 ? error : gpio_pin_configure_dt(&config->button, GPIO_INPUT);
}

static const struct levitas_cut_out_api cut_out_api = {
	.permit = cut_out_permit,
	.button = cut_out_button,
};

#define CUT_OUT_CHECK(node)                                                                                            \
	BUILD_ASSERT(!(DT_SAME_NODE(DT_GPIO_CTLR(node, permit_gpios), DT_GPIO_CTLR(node, button_gpios)) &&             \
		       DT_GPIO_PIN(node, permit_gpios) == DT_GPIO_PIN(node, button_gpios)),                            \
		     DT_NODE_PATH(node) ": permit-gpios and button-gpios are one pin");

#define CUT_OUT_DEFINE(inst)                                                                                           \
	CUT_OUT_CHECK(DT_DRV_INST(inst))                                                                               \
	static struct cut_out_data cut_out_data_##inst;                                                                \
	static const struct cut_out_config cut_out_config_##inst = {                                                   \
		.permit = GPIO_DT_SPEC_INST_GET(inst, permit_gpios),                                                   \
		.button = GPIO_DT_SPEC_INST_GET(inst, button_gpios),                                                   \
	};                                                                                                             \
	DEVICE_DT_INST_DEFINE(inst, cut_out_init, NULL, &cut_out_data_##inst, &cut_out_config_##inst, POST_KERNEL,     \
			      CONFIG_KERNEL_INIT_PRIORITY_DEVICE, &cut_out_api);

DT_INST_FOREACH_STATUS_OKAY(CUT_OUT_DEFINE)
