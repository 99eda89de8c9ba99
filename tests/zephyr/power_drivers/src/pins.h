/* SPDX-License-Identifier: Apache-2.0 */
/** @file The port that fails when it is told to. */
#ifndef PINS_H_
#define PINS_H_

#include <stdbool.h>
#include <zephyr/drivers/gpio.h>

/** Level at an input. */
void pins_input(gpio_pin_t pin, bool level);

/** Level of an output. */
bool pins_output(gpio_pin_t pin);

/** What each call gives back from now on. */
void pins_fail(int error);

#endif /* PINS_H_ */
