# SPDX-License-Identifier: Apache-2.0
"""The gains in the core are those of the design, and the design keeps what it promises."""
import pathlib
import re

import numpy as np
import pytest

import bearing_design as design

SOURCE = pathlib.Path(__file__).parents[2] / "src/core/src/bearing/mod.rs"


@pytest.fixture(scope="module")
def core():
    """The numbers of `BearingConfig::ECMO_50`, read from the source."""
    block = re.search(r"pub const ECMO_50: Self = Self \{(.*?)\};", SOURCE.read_text(), re.S).group(1)
    return {name: float(value.replace("_", "")) for name, value in re.findall(r"(\w+): ([-\d._e]+),", block)}


@pytest.fixture(scope="module")
def gains(core):
    feedback = np.array([core[f"feedback_{name}"] for name in ("displacement_a_per_m", "velocity_a_s_per_m", "current")])
    observer = np.array([core[f"observer_{name}"] for name in ("displacement", "velocity_per_s", "force_n_per_m")])
    return feedback, observer


def test_the_core_has_the_designed_gains(core, gains):
    feedback, observer = design.gains()
    assert gains[0] == pytest.approx(feedback, rel=1e-3)
    assert gains[1] == pytest.approx(observer, rel=1e-3)
    assert core["current_loop_fraction"] == design.FRACTION
    assert core["levitated_mass_kg"] == design.MASS_KG


def test_they_keep_the_limits(gains):
    loop = design.closed_loop(*gains)
    assert design.sensitivity_peak(loop) <= 2.0
    assert design.step_peak_um(loop) <= 65.5
    assert design.idle_current_a(loop) <= 0.16


def test_every_corner_is_in_zone_a(gains):
    assert design.corners(*gains) < 3.0
