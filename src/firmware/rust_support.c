/* SPDX-License-Identifier: Apache-2.0 */
/* Symbols that the Rust library refers to. */

#include <zephyr/kernel.h>

#include "rust_support.h"

/* In place of that of the Rust module, which is a panic of the kernel: it is the fault of the thread in which it happens, and crash.c knows what that means. */
void rust_panic_wrap(void)
{
	k_oops();
	CODE_UNREACHABLE;
}

/* Nothing ever calls these: panics abort, so no stack is unwound. */

void rust_eh_personality(void)
{
}

#if defined(CONFIG_ARM)
/* libgcc has it, but stands before the Rust library on the link line. */
void __aeabi_unwind_cpp_pr0(void)
{
}
#endif
