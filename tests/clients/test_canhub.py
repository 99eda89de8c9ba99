# SPDX-License-Identifier: Apache-2.0
"""`levitas canhub`: python-can as it comes from PyPI reads and sends on the simulated bus, cantools decodes what it reads."""
import contextlib
import logging
import pathlib
import re
import socket
import subprocess
import sys
import time

import can
import pytest

from test_wire import DATABASE, is_sound

ROOT = pathlib.Path(__file__).parents[2]
LEVITAS = ["cargo", "run", "--quiet", "--release", "-p", "levitas", "--"]
# A program that reads byte by byte, on a machine that is busy: slower than life.
SLOW = ["--speed", "0.2"]
PATIENCE_S = 20.0


@contextlib.contextmanager
def hub(*arguments):
    """A running hub and its ports."""
    subprocess.run([*LEVITAS, "canhub", "--help"], cwd=ROOT, check=True, capture_output=True)
    command = [*LEVITAS, "canhub", "--slcan", "127.0.0.1:0", "--socketcand", "127.0.0.1:0", *map(str, arguments)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        ports = [int(re.fullmatch(r"(?:slcan|socketcand) 127\.0\.0\.1:(\d+)\n", process.stdout.readline())[1]) for _ in range(2)]
        yield process, *ports
    finally:
        process.kill()
        process.communicate()


def slcan(port):
    return can.Bus(interface="slcan", channel=f"socket://127.0.0.1:{port}", bitrate=1_000_000, sleep_after_open=0)


def socketcand(port):
    return can.Bus(interface="socketcand", channel="can0", host="127.0.0.1", port=port)


def received(bus, count, wanted=lambda message: True):
    """So many messages, those of the handshake passed over."""
    found, end = [], time.monotonic() + PATIENCE_S
    while len(found) < count:
        assert time.monotonic() < end, f"{len(found)} of {count} messages in {PATIENCE_S} s"
        message = bus.recv(0.1)
        if message is not None and wanted(message):
            found.append(message)
    return found


def same(one, other):
    return all(getattr(one, key) == getattr(other, key) for key in (
        "arbitration_id", "is_extended_id", "is_fd", "bitrate_switch", "is_remote_frame", "dlc", "data"))


def decoded(messages):
    """Values of all signals, by frame; every frame is sound."""
    found = {}
    for message in messages:
        description = DATABASE.get_message_by_frame_id(message.arbitration_id)
        assert description.is_fd == message.is_fd and message.bitrate_switch == message.is_fd
        assert is_sound(description, message.data), message
        found.setdefault(description.name, []).append(description.decode(message.data))
    return found


def test_python_can_reads_the_fd_frames_over_slcan_and_cantools_decodes_them():
    with hub(*SLOW) as (_, port, _), slcan(port) as bus:
        assert bus.get_version(PATIENCE_S) == (10, 13) and bus.get_serial_number(PATIENCE_S) == "L001"
        found = decoded(received(bus, 600))
    host, drive = found["HOST_FAST_STATUS"], found["DRIVE_FAST_STATUS"]
    assert len(host) > 250 and len(drive) > 250
    for one, other in zip(host, host[1:]):
        assert (other["number"] - one["number"]) % 65536 == 1
    assert {str(values["state"]) for values in host} == {"active"} and {str(values["state"]) for values in drive} == {"ready"}
    assert all(values["rotor_speed_rad_per_s"] == pytest.approx(314.159, abs=1e-3) for values in host)
    slow = found["HOST_SLOW_STATUS"] + found["DRIVE_SLOW_STATUS"]
    assert all(values["speed_setpoint_rpm"] == 3000 and str(values["mode"]) == "flow" for values in slow)


def test_python_can_reads_the_classic_frames_over_socketcand():
    with hub("--classic") as (_, _, port), socketcand(port) as bus:
        messages = received(bus, 300)
    found = decoded(messages)
    assert len(found) == 12 and all(not message.is_fd for message in messages)
    assert all(values["speed_setpoint_rpm"] == 3000 for values in found["HOST_SERVICE_SETPOINTS"])
    # The time is that of the bus: a unit's state comes every 10 ms.
    times = [message.timestamp for message in messages if message.arbitration_id == 0x100]
    assert times[-1] - times[0] == pytest.approx(0.01 * (len(times) - 1), abs=1e-3)


def test_what_one_client_sends_the_others_get():
    frames = [
        can.Message(arbitration_id=0x123, is_extended_id=False, data=[0, 1, 0xFF]),
        can.Message(arbitration_id=0x1ABCDEF0, is_extended_id=True, data=range(8)),
    ]
    fd = can.Message(arbitration_id=0x7F0, is_extended_id=False, is_fd=True, bitrate_switch=True, data=range(48))
    plain_fd = can.Message(arbitration_id=0x7F1, is_extended_id=False, is_fd=True, data=range(12))
    remote = can.Message(arbitration_id=0x7F2, is_extended_id=False, is_remote_frame=True, dlc=4)
    logging.disable(logging.WARNING)  # python-can's socketcand knows no FD frames and says so each time.
    mine = {frame.arbitration_id for frame in [*frames, fd, plain_fd, remote]}
    wanted = lambda message: message.arbitration_id in mine
    with hub("--classic") as (_, slcan_port, socketcand_port):
        with slcan(slcan_port) as one, slcan(slcan_port) as two, socketcand(socketcand_port) as three:
            # The pattern shows that all of them hear.
            for bus in (one, two, three):
                received(bus, 1)
            for frame in frames:
                one.send(frame)
                assert same(received(three, 1, wanted)[0], frame) and same(received(two, 1, wanted)[0], frame)
                three.send(frame)
                assert same(received(one, 1, wanted)[0], frame) and same(received(two, 1, wanted)[0], frame)
            for frame in (fd, plain_fd, remote):
                two.send(frame)
                assert same(received(one, 1, wanted)[0], frame)
            # Nobody gets back what he sent.
            assert not any(wanted(message) for message in received(two, 50))
    logging.disable(logging.NOTSET)


def test_socketcand_has_the_fd_frames_in_the_daemon_s_words():
    with hub(*SLOW) as (_, _, port), socket.create_connection(("127.0.0.1", port), PATIENCE_S) as client:
        text = client.makefile("rw", encoding="ascii", newline="")

        def answer():
            found = ""
            while not found.endswith(">"):
                found += text.read(1)
            return found

        def ask(command):
            text.write(command)
            text.flush()

        assert answer() == "< hi >"
        for command in ("< open can0 >", "< rawmode >"):
            ask(command)
            assert answer() == "< ok >"
        for _ in range(100):
            frame_id, flags, data = re.fullmatch(r"< fdframe (\w{3}) (\d\d) \d+\.\d{6} (\w+) >", answer()).groups()
            message, data = DATABASE.get_message_by_frame_id(int(frame_id, 16)), bytes.fromhex(data)
            assert flags == "01" and message.is_fd and is_sound(message, bytearray(data)) and message.decode(data)
        ask("< fdsend 7F0 01 12 " + "a5 " * 12 + ">< echo >")
        while answer() != "< echo >":
            pass


def test_a_log_of_python_can_is_replayed_and_recorded_again(tmp_path):
    # Remote frames without length: python-can's writer leaves it out.
    frames = [
        can.Message(timestamp=100 + 0.002 * at, arbitration_id=0x100 + at, is_extended_id=at % 3 == 0, is_fd=at % 2 == 0,
                    bitrate_switch=at % 4 == 0, is_remote_frame=at % 10 == 5, dlc=0 if at % 10 == 5 else 8,
                    data=None if at % 10 == 5 else bytes([at] * 8))
        for at in range(100)
    ]
    with can.CanutilsLogWriter(tmp_path / "in.log") as log:
        for frame in frames:
            log(frame)
    with hub("--log", tmp_path / "in.log", "--record", tmp_path / "out.log") as (process, port, _), slcan(port) as bus:
        live = received(bus, len(frames))
        assert process.wait(PATIENCE_S) == 0
    with can.CanutilsLogReader(tmp_path / "out.log") as log:
        recorded = list(log)
    assert len(recorded) == len(frames)
    for frame, shown, written in zip(frames, live, recorded):
        assert same(frame, shown) and same(frame, written)
        # Written when it has been received: with nothing else on the bus, a frame's time later.
        assert 30e-6 < written.timestamp - (frame.timestamp - 100) < 200e-6


def test_a_takeover_is_seen_live():
    early = ["--set", "event.3.at_s=0.3", "--set", "duration_s=0.45"]
    with hub("--scenario", "4a_power_loss", *early, *SLOW) as (process, port, _), slcan(port) as bus:
        found = decoded(received(bus, 1400))
        assert process.wait(PATIENCE_S) == 0
    host, drive = found["HOST_FAST_STATUS"], found["DRIVE_FAST_STATUS"]
    # Lift-off by the host, which falls silent at 0.3 s, and the drive that carries on.
    assert not host[0]["drives"] and host[-1]["drives"] and len(host) == pytest.approx(600, abs=5)
    assert not drive[len(host) - 20]["drives"] and drive[-1]["drives"] and str(drive[-1]["state"]) == "active"


def test_a_scenario_without_a_link_is_refused_in_one_line():
    refused = subprocess.run([*LEVITAS, "canhub", "--scenario", "1a_levitation"], cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode == 2 and refused.stdout == "" and len(refused.stderr.splitlines()) == 1
    assert "units" in refused.stderr


def test_the_program_on_the_page_shows_decoded_frames():
    page = (ROOT / "docs/canhub.md").read_text()
    program = re.search(r"<<'END'\n(.*?)END\n", page, re.DOTALL)[1]
    with hub(*SLOW) as (_, port, _):
        assert "127.0.0.1:29535" in program
        command = [sys.executable, "-u", "-c", program.replace("127.0.0.1:29535", f"127.0.0.1:{port}")]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            lines = [process.stdout.readline() for _ in range(100)]
            process.kill()
    assert all(re.match(r"0[13][01] \{'crc': \d+, 'counter': \d+, ", line) for line in lines), lines
