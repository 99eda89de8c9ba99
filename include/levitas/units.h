/* SPDX-License-Identifier: Apache-2.0 */
/** @file Conversions between devicetree or Zephyr units and ours; the only C file that has them. */
#ifndef LEVITAS_UNITS_H_
#define LEVITAS_UNITS_H_

/** Devicetree microvolt and microamp to V and A. */
#define LEVITAS_UNIT_PER_MICRO 1.0e-6f

/** Devicetree millivolt to V. */
#define LEVITAS_UNIT_PER_MILLI 1.0e-3f

/** Conventional millimetre of mercury (ISO 80000-4 annex), exactly 133.322387415 Pa. */
#define LEVITAS_KPA_PER_MMHG 0.133322387415f

#endif /* LEVITAS_UNITS_H_ */
