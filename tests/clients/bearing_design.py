# SPDX-License-Identifier: Apache-2.0
"""Design of the bearing's gains: the numbers of `BearingConfig::ECMO_50` and what they achieve.

    python3 bearing_design.py           prints gains and figures
    python3 bearing_design.py --markdown ../../docs/levitation.md    writes the table of sensitivity peaks
    pytest test_gains.py                compares them with the core's source

Regulator on (x, v, i), where the current follows its reference with one period of delay and the pole 1 - c;
Kalman filter on (x, v, d). The four weights, c and the part of the pickup that is taken off were found by minimising the
sensitivity peak of the worst corner under "20 N step <= 65 um", "nominal sensitivity peak <= 2.0" and "idle current
<= 0.16 A rms" (Nelder-Mead, restarted), then rounded.

Plant: one axis of ecmo-50 with the film's added mass, coil, Hall pole with coil pickup, one period of delay and
zero-order hold. "Before" and "after" are the sensor's signal before and after the pickup is taken off.
"""
import itertools
import pathlib
import sys
from typing import NamedTuple

import numpy as np
from scipy.linalg import expm, solve_discrete_are, solve_discrete_lyapunov

PERIOD_S = 50e-6
MASS_KG, K_X_N_PER_M, K_I_N_PER_A, R_OHM, L_H = 0.1239, 15e3, 8.0, 1.0, 2e-3
DAMPING_N_S_PER_M = 0.5 + 1.95
HALL_RAD_PER_S = 2 * np.pi * 10e3
PICKUP_M_PER_A = 5e-6

DISPLACEMENT_M = 27.5e-6  # displacement, velocity that are worth 1 A
VELOCITY_M_PER_S = 49.5e-3
FRACTION = 0.555         # of the current error that one period takes away
NOISE_M = 1e-6           # sensor; process noise per period of velocity and disturbance:
NOISE_M_PER_S = 1.87e-3
NOISE_N = 0.412
LACK = 0.003
TAKEN_OFF = 0.72         # of the own coil's pickup
STATES = 11              # 4 of the plant, 7 of the controller


def zero_order_hold(a, b):
    """Discrete A, B of x' = a x + b u for one period."""
    n, m = b.shape
    joint = np.zeros((n + m, n + m))
    joint[:n, :n], joint[:n, n:] = a, b
    joint = expm(joint * PERIOD_S)
    return joint[:n, :n], joint[:n, n:]


class Known(NamedTuple):
    """The bearing as the controller knows it."""
    k_x: float = K_X_N_PER_M
    k_i: float = K_I_N_PER_A
    l: float = L_H
    r: float = R_OHM
    pickup: float = PICKUP_M_PER_A

    def motion(self):
        return zero_order_hold(np.array([[0, 1], [self.k_x / MASS_KG, 0]]), np.array([[0], [1 / MASS_KG]]))


def gains():
    """State-feedback gains (x, v, i) and observer gains (x, v, d)."""
    motion_a, motion_b = Known().motion()
    a, b = np.zeros((3, 3)), np.zeros((3, 1))
    a[:2, :2], a[2, 2], b[2] = motion_a, 1 - FRACTION, FRACTION
    a[:2, 2:] = motion_b * K_I_N_PER_A * (2 - FRACTION) / 2
    b[:2] = motion_b * K_I_N_PER_A * FRACTION / 2
    weight = np.diag([DISPLACEMENT_M**-2, VELOCITY_M_PER_S**-2, 0])
    cost = solve_discrete_are(a, b, weight, np.eye(1))
    feedback = np.linalg.solve(np.eye(1) + b.T @ cost @ b, b.T @ cost @ a)[0]

    a = np.eye(3)
    a[:2, :2], a[:2, 2:] = motion_a, motion_b
    c = np.array([[1.0, -1 / HALL_RAD_PER_S, 0]])
    spread = solve_discrete_are(a.T, c.T, np.diag([0, NOISE_M_PER_S**2, NOISE_N**2]), np.array([[NOISE_M**2]]))
    observer = (spread @ c.T / (c @ spread @ c.T + NOISE_M**2))[:, 0]
    return feedback, observer


def retuned(feedback, known):
    """State feedback of a commissioned bearing, as `BearingConfig::retuned`: stiffness and damping of the design."""
    stiffness = K_I_N_PER_A * feedback[0] - K_X_N_PER_M
    return np.array([(stiffness + known.k_x) / known.k_i, feedback[1] * K_I_N_PER_A / known.k_i, feedback[2]])


def closed_loop(feedback, observer, fraction=FRACTION, k_x=K_X_N_PER_M, k_i=K_I_N_PER_A, l=L_H, r=R_OHM, gain=1.0,
                pickup=PICKUP_M_PER_A, mass=MASS_KG, known=Known()):
    """A, B, C, D of plant and controller; inputs: Hall noise, force, current noise; outputs: after, x, i, before."""
    hall = HALL_RAD_PER_S
    plant_a, plant_b = zero_order_hold(
        np.array([[0, 1, 0, 0], [k_x / mass, -DAMPING_N_S_PER_M / mass, k_i / mass, 0],
                  [0, -k_i / l, -r / l, 0], [hall * gain, 0, hall * gain * pickup, -hall]]),
        np.array([[0, 0], [0, 1 / mass], [1 / l, 0], [0, 0]]))
    motion_a, motion_b = known.motion()
    decay = np.exp(-known.r / known.l * PERIOD_S)
    a_per_v = (1 - decay) / known.r
    lag_weight = (1 - np.exp(-hall * PERIOD_S)) / (hall * PERIOD_S)

    def step(state, disturbed):
        plant, (x, v, d, lack, acting, expected, last) = state[:4], state[4:]
        before, current = plant[3] + disturbed[0], plant[2] + disturbed[2]
        after = before - TAKEN_OFF * known.pickup * (current + lag_weight * (last - current))
        innovation = after - (x - v / hall)
        x, v, d = np.array([x, v, d]) + observer * innovation
        lack = lack + LACK / a_per_v * (current - expected)
        now = (current + expected) / 2
        following = decay * now + a_per_v * (acting - known.k_i * v + lack)
        x, v = motion_a @ [x, v] + motion_b[:, 0] * (known.k_i * (now + following) / 2 + d)
        holding = -d / known.k_i
        reference = holding - feedback @ [x, v, following - holding]
        target = following + fraction * (reference - following)
        voltage = (target - decay * following) / a_per_v + known.k_i * v - lack
        plant = plant_a @ plant + plant_b @ [acting, disturbed[1]]
        return np.r_[plant, x, v, d, lack, voltage, following, current], np.array([after, state[0], state[2], before])

    columns = [step(unit[:STATES], unit[STATES:]) for unit in np.eye(STATES + 3)]
    states, outputs = np.array([c[0] for c in columns]).T, np.array([c[1] for c in columns]).T
    return states[:, :STATES], states[:, STATES:], outputs[:, :STATES], outputs[:, STATES:]


def sensitivity_peak(loop, output=0):
    """Largest |signal / injected| up to the Nyquist frequency, of the signal after (0) or before (3) the pickup is
    taken off; infinite when unstable."""
    a, b, c, d = loop
    if max(abs(np.linalg.eigvals(a))) >= 1:
        return np.inf
    frequencies = np.exp(1j * 2 * np.pi * PERIOD_S * np.logspace(0, np.log10(9.9e3), 400))
    return max(abs(c[output] @ np.linalg.solve(z * np.eye(STATES) - a, b[:, 0]) + d[output, 0]) for z in frequencies)


def step_peak_um(loop, newton=20.0):
    """Largest displacement after a force step [um]."""
    a, b, _, _ = loop
    state, peak = np.zeros(STATES), 0.0
    for _ in range(1200):
        state = a @ state + b @ [0, newton, 0]
        peak = max(peak, abs(state[0]))
    return peak * 1e6


def idle_current_a(loop):
    """Standard deviation of the coil current under sensor noise [A]."""
    a, b, _, _ = loop
    hall = np.hypot(NOISE_M, 0.4e-6 / np.sqrt(6))  # two quantised Halls
    current = np.hypot(5e-3, 4e-3 / np.sqrt(12))
    noise = np.c_[b[:, 0] * hall, b[:, 2] * current]
    return float(np.sqrt(solve_discrete_lyapunov(a, noise @ noise.T)[2, 2]))


def current_per_displacement(loop, frequency_hz):
    """Coil current per displacement that is added to the sample [A/m], complex."""
    a, b, c, d = loop
    z = np.exp(1j * 2 * np.pi * PERIOD_S * frequency_hz)
    return c[2] @ np.linalg.solve(z * np.eye(STATES) - a, b[:, 0]) + d[2, 0]


def corners(feedback, observer, fraction=FRACTION):
    """Largest sensitivity peak over k_x 10..25 N/mm, k_i, L, R +-20 %, sensor gain +-5 %, pickup +-20 %, and where."""
    options = itertools.product((10e3, 25e3), (6.4, 9.6), (1.6e-3, 2.4e-3), (0.8, 1.2), (0.95, 1.05), (4e-6, 6e-6))
    return max((sensitivity_peak(closed_loop(feedback, observer, fraction, *option)), option) for option in options)


def commissioned_corners(feedback, observer):
    """The same after commissioning, which finds k_x and k_i to 3 %, L to 2 %, the gain to 1 %, the pickup to 10 %."""
    plants = itertools.product((10e3, 25e3), (6.4, 9.6), (1.6e-3, 2.4e-3), (0.8, 1.2), (4e-6, 6e-6))
    errors = list(itertools.product((0.97, 1.03), (0.97, 1.03), (0.98, 1.02), (0.9, 1.1), (0.99, 1.01)))
    worst = (0.0, None)
    for k_x, k_i, l, r, pickup in plants:
        for x, i, inductance, coil, gain in errors:
            known = Known(k_x * x, k_i * i, l * inductance, r, pickup * coil)
            loop = closed_loop(retuned(feedback, known), observer, FRACTION, k_x, k_i, l, r, gain, pickup, known=known)
            worst = max(worst, (sensitivity_peak(loop), (k_x, k_i, l, r, gain, pickup)))
    return worst


def table(feedback, observer):
    """The sensitivity peaks as Markdown."""
    loop = closed_loop(feedback, observer)
    rows = [("nominal, after the pickup is taken off", 2.0, sensitivity_peak(loop), ()),
            ("nominal, at the Halls", 3.0, sensitivity_peak(loop, 3), ()),
            ("worst of 64 corners, gains fixed", 3.0, *corners(feedback, observer)),
            ("worst of 1024 corners, commissioned", 2.2, *commissioned_corners(feedback, observer))]
    place = "k_x {:g} N/mm, k_i {:g} N/A, L {:g} mH, R {:g} ohm, gain {:g}, pickup {:g} um/A".format
    lines = ["| peak sensitivity | must | reached | at |", "|---|---:|---:|---|"]
    for name, must, peak, at in rows:
        where = place(at[0] / 1e3, at[1], at[2] * 1e3, at[3], at[4], at[5] * 1e6) if at else ""
        lines.append(f"| {name} | {must} | {peak:.2f} | {where} |")
    return "\n".join(lines) + "\n"


def write_table(page, text):
    """Puts the table into its generated part of a page."""
    old = page.read_text()
    begin = old.index("\n", old.index("<!-- generated: sensitivity")) + 1
    page.write_text(old[:begin] + text + old[old.index("<!-- end of generated part", begin):])


if __name__ == "__main__":
    FEEDBACK, OBSERVER = gains()
    LOOP = closed_loop(FEEDBACK, OBSERVER)
    print("feedback   x {:.5g} A/m   v {:.5g} A.s/m   i {:.5g}".format(*FEEDBACK))
    print("observer   x {:.5g}   v {:.5g} 1/s   d {:.5g} N/m".format(*OBSERVER))
    print(TABLE := table(FEEDBACK, OBSERVER))
    print(f"20 N step {step_peak_um(LOOP):.1f} um, idle current {idle_current_a(LOOP):.4f} A rms")
    if "--markdown" in sys.argv:
        write_table(pathlib.Path(sys.argv[sys.argv.index("--markdown") + 1]), TABLE)
