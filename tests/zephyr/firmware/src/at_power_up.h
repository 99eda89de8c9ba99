/* SPDX-License-Identifier: Apache-2.0 */
/** @file The self-test of this start, before the suites. */
#ifndef AT_POWER_UP_H_
#define AT_POWER_UP_H_

/** Notes what the units are doing while they test themselves, and waits until that is over. */
void at_power_up_watch(void);

#endif /* AT_POWER_UP_H_ */
