#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes into an image what its flash must hold: memory.h. Called by the build, after linking.

The pieces are what the loadable segments put into the image's part of the flash, but for the structure itself. What other files of the
image were made from it before is made anew.
"""
import os
import struct
import subprocess
import sys
import zlib

from elftools.elf.elffile import ELFFile

PIECES_MAX = 6
SIZE = 8 + 8 * PIECES_MAX


def pieces_of(elf, symbols, place):
    """Address in the flash and bytes of each piece, in order, neighbours joined."""
    begin = symbols.get_symbol_by_name("__rom_region_start")[0]["st_value"]
    end = begin + symbols.get_symbol_by_name("_flash_used")[0]["st_value"]
    found = []
    for segment in elf.iter_segments("PT_LOAD"):
        address, data = segment["p_paddr"], segment.data()
        if not data or not begin <= address < end:
            continue
        if address <= place < address + len(data):
            behind = place + SIZE - address
            parts = [(address, data[: place - address]), (address + behind, data[behind:])]
        else:
            parts = [(address, data)]
        found += [part for part in parts if part[1]]
    joined = []
    for address, data in sorted(found):
        if joined and joined[-1][0] + len(joined[-1][1]) == address:
            joined[-1] = (joined[-1][0], joined[-1][1] + data)
        else:
            joined.append((address, data))
    return joined


def main():
    path, objcopy = sys.argv[1], sys.argv[2]
    with open(path, "r+b") as file:
        elf = ELFFile(file)
        symbols = elf.get_section_by_name(".symtab")
        symbol = symbols.get_symbol_by_name("levitas_image")
        if symbol is None or symbol[0]["st_size"] != SIZE:
            sys.exit(f"image_crc.py: {path}: no symbol levitas_image of {SIZE} bytes, as in memory.h")
        place = symbol[0]["st_value"]
        pieces = pieces_of(elf, symbols, place)
        if not 0 < len(pieces) <= PIECES_MAX:
            sys.exit(f"image_crc.py: {path}: {len(pieces)} pieces, allowed is 1 to {PIECES_MAX}")
        crc = 0
        for _, data in pieces:
            crc = zlib.crc32(data, crc)
        table = struct.pack("<II", len(pieces), crc)
        table += b"".join(struct.pack("<II", address, len(data)) for address, data in pieces)
        offset = next(elf.address_offsets(place, SIZE))
        file.seek(offset)
        file.write(table.ljust(SIZE, b"\0"))
    print(f"image_crc.py: CRC-32 {crc:08x} of {sum(len(data) for _, data in pieces)} bytes in {len(pieces)} pieces")
    for suffix, form in ((".hex", "ihex"), (".bin", "binary")):
        made = os.path.splitext(path)[0] + suffix
        if os.path.exists(made):
            command = [objcopy, "-S", "--gap-fill", "0xff", "-O", form, "-R", ".comment", "-R", "COMMON", "-R", ".eh_frame"]
            subprocess.run([*command, path, made], check=True)


if __name__ == "__main__":
    main()
