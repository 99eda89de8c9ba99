# SPDX-License-Identifier: Apache-2.0
"""Frames of the CAN link: cantools, autosar-e2e and cryptography agree with the codec, in both directions."""
import pathlib
import random
import re
import subprocess

import cantools
import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from e2e.p05 import e2e_p05_check, e2e_p05_protect
from e2e.p11 import e2e_p11_check, e2e_p11_protect

ROOT = pathlib.Path(__file__).parents[2]
DATABASE = cantools.database.load_file(ROOT / "can/levitas.dbc")
KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")  # RFC 4493
PAIRS = {"coil_current_a": ("coil_current_x_a", "coil_current_y_a"), "displacement_m": ("displacement_x_m", "displacement_y_m"),
         "phase_current_a": ("phase_current_a_a", "phase_current_b_a")}

CODES = ("state", "mode", "asked_mode", "power_source")


def candump(*arguments, text=""):
    command = ["cargo", "run", "--quiet", "--release", "-p", "levitas-wire", "--example", "candump", "--", *arguments]
    return subprocess.run(command, cwd=ROOT, input=text, check=True, capture_output=True, text=True).stdout.splitlines()


def members(text):
    """The numbers, flags and names in Rust's way to show a struct, under the names of the signals."""
    found = {}
    for name, value in re.findall(r"(\w+): (\[[^\]]*\]|[\w.+-]+)", text):
        if name in PAIRS:
            found.update(zip(PAIRS[name], (float(part) for part in value.strip("[]").split(","))))
        elif value in ("true", "false"):
            found[name] = float(value == "true")
        elif re.fullmatch(r"[\d.e+-]+", value):
            found[name] = float(value)
        elif name in CODES:
            found[name] = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", value).lower()
    return found


def agree(said, seen, message):
    """Every member that went in is a signal with the same value, to half a step."""
    assert set(said) == set(seen) - {"crc", "counter", "tag", "version"}
    for name, value in said.items():
        signal = message.get_signal_by_name(name)
        raw = seen[name].value if hasattr(seen[name], "value") else seen[name]
        if name in CODES:
            assert str(seen[name]) == value
        else:
            assert float(raw) == pytest.approx(value, rel=0, abs=0.5 * signal.scale + 3e-7 * abs(value)), name


def tag(frame_id, data):
    code = CMAC(AES(KEY))
    code.update(frame_id.to_bytes(2, "big") + bytes(data[:24]))
    return code.finalize()[:8]


def attribute(message, name):
    return message.dbc.attributes[name].value


def is_sound(message, data):
    profile = attribute(message, "E2EProfile")
    if profile == 0:
        return bytes(data[24:]) == tag(message.frame_id, data)
    check = {5: e2e_p05_check, 11: e2e_p11_check}[profile]
    return check(data, attribute(message, "E2EDataId"))


def sealed(message, data):
    data = bytearray(data)
    profile = attribute(message, "E2EProfile")
    if profile == 0:
        data[24:] = tag(message.frame_id, data)
    else:
        protect = {5: e2e_p05_protect, 11: e2e_p11_protect}[profile]
        protect(data, attribute(message, "E2EDataId"), increment_counter=False)
    return data


def shown(message, data):
    return f"(0.000000) can0 {message.frame_id:03X}{'##1' if message.is_fd else '#'}{bytes(data).hex().upper()}"


def test_what_the_codec_writes_others_read():
    lines = candump("write", "100")
    seen_ids = set()
    for line, said in zip(lines[::2], lines[1::2]):
        frame_id, data = re.fullmatch(r"\S+ can0 (\w{3})(?:##1|#)(\w+)", line).groups()
        message, data = DATABASE.get_message_by_frame_id(int(frame_id, 16)), bytearray.fromhex(data)
        seen_ids.add(message.frame_id)
        assert is_sound(message, data), line
        agree(members(said), message.decode(data), message)
        data[random.Random(line).randrange(len(data))] ^= 1
        assert not is_sound(message, data), line
    assert seen_ids == {message.frame_id for message in DATABASE.messages}


@pytest.mark.parametrize("message", DATABASE.messages, ids=lambda message: message.name)
def test_what_others_write_the_codec_reads(message):
    draw = random.Random(message.name)
    frames, damaged, written = [], [], []
    for count in range(20):
        values = {}
        for signal in message.signals:
            codes = list(signal.choices) if signal.choices else None
            low, high = (round(limit / signal.scale) for limit in (signal.minimum, signal.maximum))
            raw = draw.choice(codes) if codes else draw.randint(low, high)
            values[signal.name] = raw if signal.scale == 1 else raw * signal.scale
        values["version"] = int(DATABASE.version)
        if message.name.endswith("FAST_STATUS"):
            values["counter"] = values["number"] % 256
        data = sealed(message, message.encode(values, strict=True))
        written.append(message.decode(data))
        frames.append(shown(message, data))
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        damaged.append(shown(message, data))
    answers = candump("read", text="\n".join(frames))
    assert len(answers) == len(frames)
    for answer, seen in zip(answers, written):
        assert answer.startswith("Ok("), answer
        said = members(answer)
        said.pop("counter", None)
        agree(said, seen, message)
    refused = "Err(Authentication)" if attribute(message, "E2EProfile") == 0 else "Err(Checksum)"
    assert candump("read", text="\n".join(damaged)) == [refused] * len(damaged)


def test_another_version_of_the_protocol_is_refused_under_a_right_crc_or_tag():
    frames = []
    for message in DATABASE.messages:
        values = {signal.name: min(signal.choices) if signal.choices else max(0, signal.minimum) for signal in message.signals}
        values["version"] = int(DATABASE.version) + 1
        frames.append(shown(message, sealed(message, message.encode(values, strict=True))))
    assert candump("read", text="\n".join(frames)) == ["Err(Version)"] * len(frames)
