/* SPDX-License-Identifier: Apache-2.0 */
/** @file Kits in the storage before the start. */
#ifndef KITS_H_
#define KITS_H_

/** Writes the record of a kit and a damaged one; the storage is mounted. */
void kits_prepare_storage(void);

/** Looks at the list, before any suite formats the storage. */
void kits_watch_start(void);

#endif /* KITS_H_ */
