# SPDX-License-Identifier: Apache-2.0
"""The peers' gains in the program are those of the search, keep its limits, and cannot be bettered nearby."""
import pathlib
import re

import numpy as np
import pytest

import peer_design as design

SOURCE = (pathlib.Path(__file__).parents[2] / "sim/levitas/src/peers/gains.rs").read_text()


def numbers(name):
    """Fields of a constant of `gains.rs`, in order."""
    block = re.search(rf"const {name}: \w+ =\s*\w+ \{{(.*?)\}};", SOURCE, re.S).group(1)
    return [float(value.replace("_", "")) for value in re.findall(r"\w+: ([-\d._e]+)", block)]


@pytest.mark.parametrize("kind", design.FOUND)
def test_the_program_has_the_gains_of_the_search(kind):
    constant = {"pid": "TUNED_PID", "lqg": "LQG", "ladrc": "LADRC"}[kind]
    *own, fraction, taken_off = design.FOUND[kind]
    assert numbers(f"{constant}_IN") == pytest.approx([fraction, taken_off], rel=1e-3)
    if kind == "lqg":
        law = design.Lqg(*own, fraction)
        own = [*law.feedback, *law.observer]
    assert numbers(constant) == pytest.approx(own, rel=1e-3)


@pytest.mark.parametrize("kind", design.FOUND)
def test_they_keep_the_limits_of_ours(kind):
    setting = design.make(kind, design.FOUND[kind])
    after, _, idle_a, _ = design.figures(design.closed_loop(*setting))
    assert after <= design.SENSITIVITY_MAX + 0.005 and idle_a <= design.IDLE_A_MAX + 0.0005
    assert max(design.corner_peaks(*setting)) < 3.0


@pytest.mark.parametrize("kind", design.FOUND)
def test_nothing_nearby_is_better(kind):
    """60 random neighbours: none has a step smaller by 1 % under the same limits."""
    random = np.random.default_rng(2)
    found = np.array(design.FOUND[kind])
    corners = sorted(design.worst_corners(design.make(kind, found), 8))
    _, _, _, peak_um = design.figures(design.closed_loop(*design.make(kind, found)))
    for _ in range(60):
        neighbour = found * np.exp(random.normal(0, 0.05, len(found)))
        assert design.cost(kind, neighbour, corners) > 0.99 * peak_um
