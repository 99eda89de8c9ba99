# SPDX-License-Identifier: Apache-2.0
"""The gains in the core are those of the design, and the design keeps what it promises."""
import pathlib
import re

import numpy as np
import pytest

import bearing_design as design

SOURCE = pathlib.Path(__file__).parents[2] / "src/core/src/bearing/config.rs"


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
    assert core["force_displacement_n_per_m"] == design.K_X_N_PER_M
    assert core["force_current_n_per_a"] == design.K_I_N_PER_A
    assert (core["coil_resistance_ohm"], core["coil_inductance_h"]) == (design.R_OHM, design.L_H)
    assert 2 * np.pi * core["hall_bandwidth_hz"] == design.HALL_RAD_PER_S
    assert f"const LACK_FRACTION: f32 = {design.LACK};" in (SOURCE.parent / "current_loop.rs").read_text()
    assert core["coil_pickup_m_per_a"] == design.PICKUP_M_PER_A
    assert core["coil_pickup_taken_off"] == design.TAKEN_OFF


def test_they_keep_the_limits(gains):
    loop = design.closed_loop(*gains)
    assert design.sensitivity_peak(loop) <= 2.0
    assert design.sensitivity_peak(loop, 3) <= 3.0  # before the pickup is taken off
    assert design.step_peak_um(loop) <= 65.0
    assert design.idle_current_a(loop) <= 0.16


def test_every_corner_is_in_zone_a(gains):
    assert design.corners(*gains)[0] < 3.0


def test_every_commissioned_corner_has_the_margin_of_the_design(gains):
    assert design.commissioned_corners(*gains)[0] <= 2.2


@pytest.mark.parametrize(("frequency_hz", "degrees", "factor"), [(17, 1, 1.1), (67, 4, 1.3), (120, 5, 1.5), (183, 25, 2)])
def test_the_notch_may_take_the_current_in_phase(gains, frequency_hz, degrees, factor):
    """Generalised notch: k_i / (k_x + m w^2) inverts the current response well enough to adapt on."""
    response = design.current_per_displacement(design.closed_loop(*gains), frequency_hz)
    w_2 = (2 * np.pi * frequency_hz) ** 2
    product = response * design.K_I_N_PER_A / (design.K_X_N_PER_M + design.MASS_KG * w_2)
    assert abs(np.degrees(np.angle(product))) < degrees
    assert 1 / factor < abs(product) < factor
