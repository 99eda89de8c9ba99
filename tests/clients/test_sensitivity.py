# SPDX-License-Identifier: Apache-2.0
"""`levitas sensitivity` against the linear model: the loop that was designed is the loop that is measured."""
import json
import pathlib
import subprocess

import numpy as np
import pytest

import bearing_design as design

ROOT = pathlib.Path(__file__).parents[2]
# Of |S|: three sigma of the measurement, and what the model leaves out: film, tilt, coupling of x and y.
RELATIVE, ABSOLUTE = 0.04, 0.02
PEAK = 0.025
# Rate of adaptation, and how well it knows the loop (test_gains.py): near a harmonic the rotor is let go on purpose.
NOTCH_PER_S = 4.0 * 1.3
# The corner in which the design has its largest peak, and settings that bring the plant there.
CORNER = {"k_x": 25e3, "k_i": 6.4, "l": 2.4e-3, "r": 0.8, "gain": 0.95, "pickup": 6e-6}
KEYS = {
    "k_x": "rotor.k_x_n_per_m", "k_i": "bearing.k_i_n_per_a", "l": "bearing.inductance_h", "r": "bearing.resistance_ohm",
    "gain": "sensor.displacement.v_per_m", "pickup": "sensor.displacement.coil_pickup_m_per_a",
}


def measured(folder, speed_rpm, changes=()):
    """JSON of the program."""
    command = ["cargo", "run", "--quiet", "--release", "-p", "levitas", "--", "sensitivity", "--quiet",
               "--speed", str(speed_rpm), "--out", str(folder / "out"), "--json", "-"]
    for name, value in dict(changes).items():
        value = 2e3 * value if name == "gain" else value
        command += ["--set", f"{KEYS[name]}={value}"]
        if name == "k_i":
            command += ["--set", f"bearing.motion_emf_v_s_per_m={value}"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode in (0, 1), run.stderr
    return json.loads(run.stdout)


def model(frequency_hz, loop):
    """|S| where the loop is closed and at the Halls."""
    a, b, c, d = loop
    z = np.exp(2j * np.pi * design.PERIOD_S * frequency_hz)
    state = np.linalg.solve(z * np.eye(design.STATES) - a, b[:, 0])
    return abs(c[0] @ state + d[0, 0]), abs(c[3] @ state + d[3, 0])


def let_go(frequency_hz, speed_rpm):
    """What the notch may add to |S| beside the harmonics of the speed."""
    distances = [abs(frequency_hz - n * speed_rpm / 60) for n in (1, 2)]
    return sum(NOTCH_PER_S / (2 * np.pi * distance) for distance in distances) if speed_rpm else 0.0


@pytest.mark.parametrize("speed_rpm", [0, 1000, 3000, 5500])
def test_every_frequency_is_as_designed(tmp_path, speed_rpm):
    loop = design.closed_loop(design.DESIGN)
    result = measured(tmp_path, speed_rpm)
    assert result["speed_rpm"] == pytest.approx(speed_rpm, abs=30)
    worst = 0.0
    for name, axis in result["axes"].items():
        assert len(axis["points"]) > 25
        for point in axis["points"]:
            assert not point["limited"] and point["faults"] == 0, point
            closed, halls = model(point["frequency_hz"], loop)
            for found, expected in ((point["magnitude"], closed), (point["raw_magnitude"], halls)):
                allowed = RELATIVE * expected + ABSOLUTE + let_go(point["frequency_hz"], speed_rpm)
                worst = max(worst, abs(found - expected) / allowed)
                assert abs(found - expected) <= allowed, (name, point, expected)
        assert axis["peak"]["value"] == pytest.approx(design.sensitivity_peak(loop), rel=PEAK)
        assert axis["raw_peak"]["value"] == pytest.approx(design.sensitivity_peak(loop, 3), rel=PEAK)
    print(f"{speed_rpm} rpm: worst difference {worst:.2f} of what is allowed")


def test_a_bad_corner_is_measured_as_bad_as_it_is(tmp_path):
    loop = design.closed_loop(design.DESIGN, **CORNER)
    result = measured(tmp_path, 3000, CORNER)
    expected = design.sensitivity_peak(loop)
    for axis in result["axes"].values():
        assert axis["peak"]["value"] == pytest.approx(expected, rel=0.05)
