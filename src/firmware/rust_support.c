/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symbols that the Rust library refers to and that nothing ever calls: panics abort, so no stack is unwound.
 */

void rust_eh_personality(void)
{
}

#if defined(CONFIG_ARM)
/* libgcc has it, but stands before the Rust library on the link line. */
void __aeabi_unwind_cpp_pr0(void)
{
}
#endif
