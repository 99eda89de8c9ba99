# SPDX-License-Identifier: Apache-2.0
"""`levitas records` against a reader of its own: struct, zlib and hashlib on the same image, asammdf and csv on what was exported."""
import csv
import hashlib
import json
import pathlib
import struct
import subprocess
import zlib

import numpy as np
import pytest
from asammdf import MDF

ROOT = pathlib.Path(__file__).parents[2]
LEVITAS = ["cargo", "run", "--quiet", "--release", "-p", "levitas", "--", "records"]
IMAGE = ROOT / "tests/data/records.bin"
# docs/records.md: bytes of a record; FCB has a header of 8 bytes in each sector, a length before and a CRC-8 behind a record.
EVENT, TREND, SNAPSHOT = 44, 56, 116
SIGNALS = {
    "displacement_x_um": 0.05,
    "displacement_y_um": 0.05,
    "coil_current_x_a": 0.001,
    "coil_current_y_a": 0.001,
    "rotor_angle_rad": 0.001,
    "speed_rpm": 1.0,
    "torque_current_a": 0.001,
    "bus_voltage_v": 0.01,
}
TRENDS = [0.001, 0.001, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01, 0.01]


def records(size):
    """All whole records of a size, in the order of their numbers."""
    image = IMAGE.read_bytes()
    found = []
    for sector in range(0, len(image), 4096):
        for at in range(sector + 8, sector + 4096 - size - 1, size + 2):
            record = image[at + 1 : at + 1 + size]
            if image[at] == size and zlib.crc32(record[:-4]) == struct.unpack("<I", record[-4:])[0]:
                found.append(record)
    return sorted(found, key=lambda record: struct.unpack_from("<I", record)[0])


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    files = {name: folder / name for name in ["events.jsonl", "trends.csv", "snapshots.mf4"]}
    options = ["--events", files["events.jsonl"], "--csv", files["trends.csv"], "--mdf", files["snapshots.mf4"]]
    done = subprocess.run([*LEVITAS, IMAGE, *options], cwd=ROOT, capture_output=True, text=True, check=True)
    return files, done.stdout


def test_every_event_is_linked_and_exported(exported):
    files, told = exported
    events = records(EVENT)
    link = bytes(16)
    for record, line in zip(events, files["events.jsonl"].read_text().splitlines(), strict=True):
        number, start, time_ms, _, code, unit, _, value, cause = struct.unpack_from("<IIIBBBBfI", record)
        assert record[24:40] == link
        link = hashlib.sha256(record).digest()[:16]
        line = json.loads(line)
        assert (line["number"], line["start"], line["code"], line["cause"]) == (number, start, code, cause)
        assert line["time_s"] == time_ms / 1000 and line["unit"] == ["host", "emergency_drive"][unit]
        assert line["value"] == pytest.approx(value, rel=1e-6)
    assert f"link of the last event: {link.hex()}" in told


def test_every_trend_is_exported(exported):
    rows = list(csv.reader(exported[0]["trends.csv"].open()))
    trends = records(TREND)
    assert len(rows) == len(trends) + 1 and len(rows[0]) == 3 + len(TRENDS)
    for row, record in zip(rows[1:], trends, strict=True):
        for text, steps, resolution in zip(row[3:], struct.unpack_from("<12h", record, 12), TRENDS, strict=True):
            assert (text == "") == (steps == -32768)
            assert text == "" or float(text) == pytest.approx(steps * resolution, abs=1e-3 * resolution + 1e-6)


def test_asammdf_reads_the_snapshot_as_it_was_written(exported):
    parts = records(SNAPSHOT)
    samples = np.concatenate([np.frombuffer(part, "<i2", 40, 16).reshape(5, 8) for part in parts])
    assert len(samples) == 2000
    with MDF(exported[0]["snapshots.mf4"]) as mdf:
        assert mdf.version == "4.10" and len(mdf.groups) == 1
        assert mdf.groups[0].channel_group.acq_name.startswith("host: takeover at ")
        for index, (name, resolution) in enumerate(SIGNALS.items()):
            signal = mdf.get(name)
            np.testing.assert_allclose(signal.samples, samples[:, index] * resolution, rtol=1e-6)
            np.testing.assert_allclose(signal.timestamps, np.arange(-1000, 1000) / 20000, atol=1e-12)
            assert signal.unit == {"a": "A", "v": "V"}.get(name.rsplit("_", 1)[1], name.rsplit("_", 1)[1])
        # Lifting off: no current before, some after.
        current_a = mdf.get("coil_current_x_a").samples
        assert abs(current_a[:990]).max() < 0.1 < abs(current_a[1000:]).max()
