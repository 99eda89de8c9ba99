# SPDX-License-Identifier: Apache-2.0
"""The link of a takeover as outsiders read it: python-can the log, cantools the frames, both as they come from PyPI."""
import subprocess

import can

from test_canhub import LEVITAS, ROOT, decoded


def test_every_frame_of_a_takeover_is_sound_and_tells_who_drives(tmp_path):
    out = tmp_path / "takeover"
    subprocess.run([*LEVITAS, "run", "4b_hang", "--quiet", "--out", str(out)], cwd=ROOT, check=True)
    with can.CanutilsLogReader(out / "candump.log") as reader:
        messages = list(reader)
    frames = decoded(messages)
    host, drive = frames["HOST_FAST_STATUS"], frames["DRIVE_FAST_STATUS"]
    # 3 s of a host that then hangs, its controller acknowledging on, and 4 s of a drive, at 2 kHz.
    assert abs(len(host) - 6000) < 10 and abs(len(drive) - 8000) < 10
    assert host[-1]["drives"] and not drive[len(host) - 10]["drives"]
    assert all(frame["drives"] for frame in drive[len(host) + 10 :])
    slow = frames["DRIVE_SLOW_STATUS"]
    assert slow[-1]["speed_setpoint_rpm"] == 3000
