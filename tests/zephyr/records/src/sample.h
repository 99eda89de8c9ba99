/* SPDX-License-Identifier: Apache-2.0 */
/** @file Records of the test: of a number follows what they say, of the record before what links them. */
#ifndef SAMPLE_H_
#define SAMPLE_H_

#include "record_log.h"

/** Fills the record after the last one of a log. */
void sample_next(const struct levitas_record_log *log, uint8_t *record);

/** What a walk through a whole log has found. */
struct sample_walk {
	uint32_t first;
	uint32_t last;
	uint32_t count;
	/** Records that do not say what their number says, do not follow the one before, or are not linked to it. */
	uint32_t wrong, missing, unlinked;
	uint32_t damaged;
};
struct sample_walk sample_walk(const struct levitas_record_log *log);

#endif /* SAMPLE_H_ */
