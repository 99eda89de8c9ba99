/* SPDX-License-Identifier: Apache-2.0 */
/** @file What the core of an STM32H743 needs before it runs at 480 MHz. */
#ifndef LEVITAS_BOARDS_CORE_SUPPLY_H_
#define LEVITAS_BOARDS_CORE_SUPPLY_H_

/**
 * Raises the core's voltage to VOS0; VOS1 must be there. -ENOTSUP: this revision of the chip has none, -ETIMEDOUT: the regulator does not get
 * there. Without it the clock must not be raised.
 */
int levitas_core_supply_raise(void);

#endif /* LEVITAS_BOARDS_CORE_SUPPLY_H_ */
