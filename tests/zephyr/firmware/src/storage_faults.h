/* SPDX-License-Identifier: Apache-2.0 */
/** @file Storage that fails, and what happens while it is written. */
#ifndef STORAGE_FAULTS_H_
#define STORAGE_FAULTS_H_

#include <stdint.h>

/** The reads behind so many others fail, for a number of them. */
void storage_faults_read(uint32_t behind, uint32_t count);

/** The next reads of this entry of a unit fail: enum levitas_storage_entry. Of four entries at most. */
void storage_faults_read_entry(uint32_t entry, uint32_t unit, uint32_t count);

/** The next so many times that it is to be mounted fail. */
void storage_faults_mount(uint32_t count);

/** So often what fails is tried at the start. */
#define START_READS 3

/** Calls this before the next record is written, in the thread that writes. */
void storage_faults_at_write(void (*hook)(void));

#endif /* STORAGE_FAULTS_H_ */
