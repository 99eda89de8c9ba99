#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Moves the levitation task of the Rust library into the ITCM: renames its sections to those that Zephyr's linker script places there.

usage: itcm.py OBJCOPY OBJDUMP LIBRARY

Only a function that carries a link_section would move by itself, and what it calls would stay: so the sections are chosen by module. `cargo
xtask boards` walks the calls in the finished image and fails where one leaves the ITCM.
"""
import re
import subprocess
import sys
import tempfile

# Sections of functions, as the compiler names them: the entry of the thread, the modules of a step, and their implementations of traits.
CHOSEN = re.compile(
    r"\.text\.(?:unlikely\.)?(levitas_levitation_thread$"
    r"|_ZN12levitas_core(7bearing|5motor|5probe|11arbitration|4task10levitation|7records8snapshot|4math|7mailbox)"
    r"|_ZN\d+_\$LT\$.*levitas_core\.\.(bearing|motor|probe|arbitration|task\.\.levitation)"
    r"|_ZN4core6option15Option"
    r"|__aeabi_mem(cpy|clr|set)\d?$|_R.*17compiler_builtins3mem)"
)


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    objcopy, objdump, library = sys.argv[1:]
    listing = subprocess.run([objdump, "-h", library], check=True, capture_output=True, text=True).stdout
    names = {fields[1] for fields in map(str.split, listing.splitlines()) if len(fields) > 6}
    chosen = sorted(name for name in names if CHOSEN.match(name))
    if not chosen and not any(name.startswith(".itcm.") for name in names):
        sys.exit(f"itcm.py: {library}: no function of the levitation task")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as options:
        options.write("".join(f"--rename-section {name}=.itcm.{name.removeprefix('.text.')}\n" for name in chosen))
        options.flush()
        subprocess.run([objcopy, f"@{options.name}", library], check=True)


if __name__ == "__main__":
    main()
