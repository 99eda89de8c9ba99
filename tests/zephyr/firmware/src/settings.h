/* SPDX-License-Identifier: Apache-2.0 */
/** @file Limits and settings in the storage before the start. */
#ifndef SETTINGS_H_
#define SETTINGS_H_

/** Writes a record with one damaged setting for the unit of the shell; the storage is mounted. */
void settings_prepare_storage(void);

/** Looks at the limits in force, before any test changes them. */
void settings_watch_start(void);

#endif /* SETTINGS_H_ */
