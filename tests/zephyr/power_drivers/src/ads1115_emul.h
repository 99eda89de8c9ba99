/* SPDX-License-Identifier: Apache-2.0 */
/** @file ADS1115 at the emulated bus, as its data sheet (SBAS444) has it. */
#ifndef ADS1115_EMUL_H_
#define ADS1115_EMUL_H_

#include <stdbool.h>
#include <stdint.h>

/** What is wrong with it. */
struct ads1115_emul {
	/** Voltages at the inputs [uV]. */
	int32_t input_uv[4];
	/** Every other conversion of an input has so much more [uV]. */
	int32_t ripple_uv;
	/** Nobody acknowledges the address. */
	bool is_missing;
	/** A conversion does not end. */
	bool is_busy;
	/** Supply dips: each conversion is lost to a reset. */
	bool is_reset;
	/** The bus hangs so long before it gives up [ms]. */
	uint32_t hangs_ms;
	/** Conversions begun, by input. */
	uint32_t begun[4];
};

extern struct ads1115_emul ads1115_emul;

#endif /* ADS1115_EMUL_H_ */
