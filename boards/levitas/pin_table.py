#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pins of a board as a Markdown table, from the device tree of a build; a pin that two nodes want is an error.

usage: pin_table.py BUILD/zephyr/edt.pickle [BUILD/zephyr/edt.pickle ...]

With several builds the last columns say who uses the pin in each. Needs $ZEPHYR_BASE, whose library wrote the file.
"""
import os
import pickle
import re
import sys

sys.path.insert(0, os.path.join(os.environ["ZEPHYR_BASE"], "scripts", "dts", "python-devicetree", "src"))

# dt-bindings/pinctrl/stm32-pinctrl.h: port, line and function in one cell.
PORT_SHIFT, LINE_SHIFT, MODE_MASK = 9, 5, 0x1F
ANALOG = 0x10


def name_of(node):
    return node.labels[0] if node.labels else node.name


def pin_name(port, line):
    return f"P{chr(ord('A') + port)}{line}"


def port_of(controller):
    """0 for gpioa; None for a controller outside the processor."""
    found = re.fullmatch(r"gpio([a-k])", name_of(controller))
    return ord(found[1]) - ord("a") if found else None


def pins_of(edt):
    """(port, line) -> (node, signal, function) of each pin that a node in use has."""
    pins = {}

    def add(port, line, node, signal, function):
        user = (name_of(node), signal, function)
        if pins.setdefault((port, line), user)[0] != user[0]:
            other = pins[(port, line)]
            sys.exit(f"pin_table.py: {pin_name(port, line)} is {other[1]} of {other[0]} and {signal} of {user[0]}")

    for node in edt.nodes:
        if node.status != "okay":
            continue
        for control in node.pinctrls:
            for pin in control.conf_nodes:
                cell = pin.props["pinmux"].val if "pinmux" in pin.props else None
                if cell is None:
                    continue
                mode = cell & MODE_MASK
                function = "analog" if mode == ANALOG else f"AF{mode}"
                add(cell >> PORT_SHIFT & 0xF, cell >> LINE_SHIFT & 0xF, node, signal_of(pin), function)
        for name, prop in node.props.items():
            if not name.endswith("gpios") or not isinstance(prop.val, list):
                continue
            for index, entry in enumerate(prop.val):
                port = port_of(entry.controller) if entry is not None else None
                if port is None:
                    continue
                signal = name.removesuffix("-gpios") + (f" {index}" if len(prop.val) > 1 else "")
                low = ", active low" if entry.data.get("flags", 0) & 1 else ""
                add(port, entry.data["pin"], node, signal, "GPIO" + low)
    return pins


def signal_of(pin):
    """hrtim_cha1_pc6 -> cha1"""
    return " ".join(pin.name.split("_")[1:-1]) or pin.name


def main():
    tables = []
    for path in sys.argv[1:]:
        with open(path, "rb") as file:
            tables.append((os.path.basename(os.path.dirname(os.path.dirname(path))), pins_of(pickle.load(file))))
    if not tables:
        sys.exit(__doc__)
    everything = sorted(set().union(*(pins for _, pins in tables)))
    print("| pin | device | signal | function |")
    print("|---|---|---|---|")
    for place in everything:
        users = [pins.get(place) for _, pins in tables]
        user = next(user for user in users if user)
        if any(other not in (None, user) for other in users):
            sys.exit(f"pin_table.py: {pin_name(*place)} is not the same on all boards: {users}")
        only = "" if all(users) else ", host alone"
        print(f"| {pin_name(*place)} | `{user[0]}`{only} | {user[1]} | {user[2]} |")


if __name__ == "__main__":
    main()
