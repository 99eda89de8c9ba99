/* SPDX-License-Identifier: Apache-2.0 */
/** @file What the build says of the image, to be compared with the flash. */
#ifndef LEVITAS_MEMORY_H_
#define LEVITAS_MEMORY_H_

#include <stdint.h>

/** Pieces of an image, apart from this structure itself, without the gaps between its segments. */
#define LEVITAS_IMAGE_PIECES_MAX 6

/** Written into the image by image_crc.py after it was linked; all zeros until then. */
struct levitas_image {
	uint32_t piece_count;
	/** CRC-32 (IEEE 802.3) of all pieces, one after the other. */
	uint32_t crc;
	struct {
		uint32_t address;
		uint32_t size;
	} pieces[LEVITAS_IMAGE_PIECES_MAX];
};

/** Compares the pieces with the CRC; enum levitas_check, not run where the build has said nothing. */
uint32_t levitas_memory_check_image(const volatile struct levitas_image *image);

#endif /* LEVITAS_MEMORY_H_ */
