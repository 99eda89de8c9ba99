#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An image of the lockstep snippet against sockets and worlds that are not right: one line, exit code 1, at once.

    python3 tests/lockstep/bad_worlds.py build/host/zephyr/zephyr.exe

The messages are written here anew from docs/lockstep.md, for nothing else would notice that their beginning has changed.
"""
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile

VERSION = 2
STEP, REFUSED, END = 2, 4, 5
PATIENCE_S = 20


def message(kind, rest=b"", version=VERSION):
    """A message as every version begins."""
    return b"LVLS" + struct.pack("<HH", version, kind) + rest


# What a world sends before it goes, and what the image says and ends with.
WORLDS = {
    "of another version": ([message(STEP, bytes(100), VERSION + 1)], "version 3 of the lockstep messages; allowed is 2", 1),
    "that refuses": ([message(REFUSED, b"no room")], "the world refuses this image: no room", 1),
    "of another version that refuses": ([message(REFUSED, b"too old", 9)], "the world refuses this image: too old", 1),
    "that goes": ([], "the world has gone", 1),
    "that is none": ([b"hello"], "this is no lockstep message", 1),
    "that stops in the middle of a message": ([message(STEP, b"abc")], "content that does not exist", 1),
    "whose run is over": ([message(END)], "", 0),
}
# Options, and what the image says.
SOCKETS = {
    "no socket": ([], "no --socket"),
    "nothing there": (["--socket=/nowhere/s"], "/nowhere/s: no world there: No such file or directory"),
    "no socket but a file": ([f"--socket={__file__}"], "no world there: Connection refused"),
    "a path that is too long": ([f"--socket=/{'x' * 150}"], "longer than the 107 bytes of a socket's path"),
}


def ended(image, folder, options):
    """The image as a process."""
    command = [image, f"--flash={folder / 'flash.bin'}", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def check(name, process, text, code):
    """One line that says so, or none, and the exit code."""
    _, errors = process.communicate(timeout=PATIENCE_S)
    lines = errors.splitlines()
    good = process.returncode == code and len(lines) == (1 if text else 0) and text in errors
    print(f"  {'ok' if good else 'FAILED'}  {name}: {process.returncode}, {errors.strip()!r}")
    return good


def against(image, folder, sent):
    """The image, connected to a world that sends this and goes."""
    path = folder / "s"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(path))
        listener.listen(1)
        listener.settimeout(PATIENCE_S)
        process = ended(image, folder, [f"--socket={path}"])
        world, _ = listener.accept()
        with world:
            hello = world.recv(2000)
            assert hello[:6] == b"LVLS" + struct.pack("<H", VERSION), hello
            for part in sent:
                world.send(part)
    return process


def main():
    image = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        results = [check(name, ended(image, folder, options), text, 1) for name, (options, text) in SOCKETS.items()]
        for name, (sent, text, code) in WORLDS.items():
            results.append(check(f"a world {name}", against(image, folder, sent), text, code))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
