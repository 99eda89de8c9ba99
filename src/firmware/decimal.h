/* SPDX-License-Identifier: Apache-2.0 */
/** @file A fraction as decimal digits, since printing floats costs more flash than the shell commands. */
#ifndef LEVITAS_DECIMAL_H_
#define LEVITAS_DECIMAL_H_

#include <stdbool.h>
#include <stdint.h>

struct decimal {
	const char *sign;
	uint32_t whole;
	uint32_t digits;
};

/** Value in steps of 1 / scale, where scale is a power of ten; rounds to nearest. */
static inline struct decimal decimal(float value, uint32_t scale)
{
	const bool negative = value < 0.0f;
	const uint32_t steps = (uint32_t)((negative ? -value : value) * scale + 0.5f);

	return (struct decimal){
		.sign = negative && steps > 0 ? "-" : "",
		.whole = steps / scale,
		.digits = steps % scale,
	};
}

#define DECIMAL(number) (number).sign, (unsigned int)(number).whole, (unsigned int)(number).digits

#endif /* LEVITAS_DECIMAL_H_ */
