/* SPDX-License-Identifier: Apache-2.0 */
/** @file Port that fails when it is told to, as one behind a bus may; included by one file of a suite. */
#ifndef LEVITAS_TEST_GPIO_H_
#define LEVITAS_TEST_GPIO_H_

#include <zephyr/drivers/gpio.h>

struct test_gpio {
	/* First, as Zephyr wants it. */
	struct gpio_driver_data common;
	gpio_port_value_t inputs;
	gpio_port_value_t outputs;
	/** What a call gives back; unless 0 it changes nothing. */
	int error;
};

static struct test_gpio test_port;
static const struct gpio_driver_config test_gpio_config = {.port_pin_mask = UINT32_MAX};

static int test_gpio_pin_configure(const struct device *dev, gpio_pin_t pin, gpio_flags_t flags)
{
	ARG_UNUSED(dev);
	if ((flags & GPIO_OUTPUT) != 0) {
		WRITE_BIT(test_port.outputs, pin, (flags & GPIO_OUTPUT_INIT_HIGH) != 0);
	}
	return test_port.error;
}

static int test_gpio_get(const struct device *dev, gpio_port_value_t *value)
{
	ARG_UNUSED(dev);
	*value = test_port.inputs;
	return test_port.error;
}

static int test_gpio_set_masked(const struct device *dev, gpio_port_pins_t mask, gpio_port_value_t value)
{
	ARG_UNUSED(dev);
	if (test_port.error == 0) {
		test_port.outputs = (test_port.outputs & ~mask) | (value & mask);
	}
	return test_port.error;
}

static int test_gpio_set(const struct device *dev, gpio_port_pins_t pins)
{
	return test_gpio_set_masked(dev, pins, pins);
}

static int test_gpio_clear(const struct device *dev, gpio_port_pins_t pins)
{
	return test_gpio_set_masked(dev, pins, 0);
}

static int test_gpio_toggle(const struct device *dev, gpio_port_pins_t pins)
{
	return test_gpio_set_masked(dev, pins, ~test_port.outputs);
}

static const struct gpio_driver_api test_gpio_api = {
	.pin_configure = test_gpio_pin_configure,
	.port_get_raw = test_gpio_get,
	.port_set_masked_raw = test_gpio_set_masked,
	.port_set_bits_raw = test_gpio_set,
	.port_clear_bits_raw = test_gpio_clear,
	.port_toggle_bits = test_gpio_toggle,
};

DEVICE_DT_DEFINE(DT_NODELABEL(test_gpio), NULL, NULL, &test_port, &test_gpio_config, POST_KERNEL,
		 CONFIG_GPIO_INIT_PRIORITY, &test_gpio_api);

#endif /* LEVITAS_TEST_GPIO_H_ */
