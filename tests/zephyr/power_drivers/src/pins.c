/* SPDX-License-Identifier: Apache-2.0 */
#include "pins.h"

#include "test_gpio.h"

void pins_input(gpio_pin_t pin, bool level)
{
	WRITE_BIT(test_port.inputs, pin, level);
}

bool pins_output(gpio_pin_t pin)
{
	return (test_port.outputs & BIT(pin)) != 0;
}

void pins_fail(int error)
{
	test_port.error = error;
}
