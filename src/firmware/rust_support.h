/* SPDX-License-Identifier: Apache-2.0 */
/** @file What the Rust library calls by names of its own. */
#ifndef LEVITAS_RUST_SUPPORT_H_
#define LEVITAS_RUST_SUPPORT_H_

#include <zephyr/toolchain.h>

/** Ends the thread that panics, in any context: an oops. */
FUNC_NORETURN void rust_panic_wrap(void);

#endif /* LEVITAS_RUST_SUPPORT_H_ */
