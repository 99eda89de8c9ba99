# SPDX-License-Identifier: Apache-2.0
"""A trajectory of levitas-world against scipy.integrate.solve_ivp with the same piecewise constant inputs."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from world_equations import BUS, COIL_DUTY, PHASE_DUTY, STATE, World, load

ROOT = Path(__file__).resolve().parents[2]
RELATIVE = 1e-4
# Columns that are zero but for rounding in a trajectory are compared absolutely, in their own unit.
ZERO = 1e-12


def trajectory(name: str) -> tuple[dict[str, list[float]], dict[str, np.ndarray]]:
    """What the world wrote: changes to the plant file, and columns by name."""
    command = ["cargo", "run", "--quiet", "--release", "-p", "levitas-world", "--example", "trajectory", "--", name]
    text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    lines = text.splitlines()
    changes = {}
    for line in lines:
        if line.startswith("#"):
            key, values = line[1:].split("=")
            changes[key.strip()] = [float(value) for value in values.split()]
    rows = [line for line in lines if not line.startswith("#")]
    table = np.genfromtxt(io.StringIO("\n".join(rows)), delimiter=",", names=True)
    return changes, {column: table[column] for column in table.dtype.names}


def integrate(world: World, columns: dict[str, np.ndarray]) -> np.ndarray:
    """The same trajectory by SciPy, restarted where the inputs change."""
    time = columns["time_s"]
    coil = np.stack([columns[name] for name in COIL_DUTY], axis=1)
    phase = np.stack([columns[name] for name in PHASE_DUTY], axis=1)
    bus = np.stack([columns[name] for name in BUS], axis=1)
    y = np.array([columns[name][0] for name in STATE])
    scale = np.array([max(np.abs(columns[name]).max(), ZERO) for name in STATE])
    result = [y]
    for k in range(len(time) - 1):
        solution = solve_ivp(
            world.rate, (time[k], time[k + 1]), y,
            method="DOP853", rtol=1e-10, atol=1e-13 * scale, first_step=(time[k + 1] - time[k]) / 2,
            args=(coil[k], phase[k], bus[k]),
        )  # fmt: skip
        assert solution.success, solution.message
        y = solution.y[:, -1]
        result.append(y)
    return np.array(result)


@pytest.mark.parametrize("name", ["flight", "spin-up"])
def test_trajectory_agrees_with_scipy(name: str) -> None:
    changes, columns = trajectory(name)
    world = World(*load(ROOT / "sim" / "world", changes))
    result = integrate(world, columns)
    worst = {}
    for k, column in enumerate(STATE):
        size = np.abs(columns[column]).max()
        error = np.abs(result[:, k] - columns[column]).max()
        worst[column] = error / size if size > ZERO else error
    print(f"\n{name}: {len(result) - 1} periods, largest difference over largest value")
    for column, error in worst.items():
        print(f"  {column:24} {error:.2e}")
    print(f"  worst {max(worst.values()):.2e}, allowed {RELATIVE:.0e}")
    assert max(worst.values()) < RELATIVE, worst
    assert np.ptp(columns["speed_rad_per_s"]) > 1.0 and np.ptp(columns["flow_lpm"]) > 0.01
