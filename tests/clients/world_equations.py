# SPDX-License-Identifier: Apache-2.0
"""The equations of docs/world.md written a second time, from the page and not from the Rust source.

Complex numbers stand for the x, y plane: z = x + 1j y, tilt p = a + 1j b (a about x, b about y), winding vectors
alpha + 1j beta. Everything is one right-hand side, integrated by SciPy with an adaptive eighth-order method.
"""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import numpy as np

MMHG = 133.322387415
LPM = 1.0 / 60000.0
RPM = math.pi / 30.0

STATE = [
    "x_m", "y_m", "z_m", "tilt_x_rad", "tilt_y_rad", "angle_rad",
    "vx_m_per_s", "vy_m_per_s", "vz_m_per_s", "tilt_rate_x_rad_per_s", "tilt_rate_y_rad_per_s", "speed_rad_per_s",
    "coil_a_x_a", "coil_a_y_a", "coil_b_x_a", "coil_b_y_a",
    "alpha_a_a", "beta_a_a", "alpha_b_a", "beta_b_a", "flow_lpm", "clamp_opening",
]  # fmt: skip
COIL_DUTY = ["duty_a_x", "duty_a_y", "duty_b_x", "duty_b_y"]
PHASE_DUTY = ["phase_a_a", "phase_a_b", "phase_a_c", "phase_b_a", "phase_b_b", "phase_b_c"]
BUS = ["bus_a_v", "bus_b_v"]


def load(folder: Path, changes: dict[str, list[float]]) -> tuple[dict, dict, dict]:
    """Plant (with changes by dotted key), circuit and patient."""
    plant = tomllib.loads((folder / "plants" / "ecmo-50.toml").read_text())
    for key, values in changes.items():
        *tables, name = key.split(".")
        table = plant
        for part in tables:
            table = table[part]
        table[name] = values if isinstance(table[name], list) else values[0]
    circuit = tomllib.loads((folder / "circuits" / "va-25-21.toml").read_text())
    patient = tomllib.loads((folder / "patients" / "va-fixed.toml").read_text())
    return plant, circuit, patient


class Tube:
    """Inertance and friction of a length of tubing."""

    def __init__(self, tubing: dict, fluid: dict):
        self.length = tubing["length_m"]
        self.diameter = tubing["diameter_m"]
        self.area = math.pi / 4.0 * self.diameter**2
        self.mu = fluid["viscosity_pa_s"]
        self.rho = fluid["density_kg_per_m3"]
        self.inertance = self.rho * self.length / self.area * LPM / MMHG

    def drop(self, flow_lpm: float) -> float:
        flow = abs(flow_lpm) * LPM
        velocity = flow / self.area
        reynolds = self.rho * velocity * self.diameter / self.mu
        laminar = 128.0 * self.mu * self.length * flow / (math.pi * self.diameter**4)
        u = min(max((reynolds - 2000.0) / 1000.0, 0.0), 1.0)
        share = 3.0 * u**2 - 2.0 * u**3
        turbulent = 0.0
        if share > 0.0:
            friction = 0.316 * reynolds**-0.25
            turbulent = friction * self.length / self.diameter * 0.5 * self.rho * velocity**2
        return math.copysign(((1.0 - share) * laminar + share * turbulent) / MMHG, flow_lpm)


class World:
    """Right-hand side of the whole plant with switching gates, away from the touchdown circle."""

    def __init__(self, plant: dict, circuit: dict, patient: dict):
        self.rotor, self.bearing, self.motor = plant["rotor"], plant["bearing"], plant["motor"]
        self.pump = plant["pump"]
        fluid = self.rotor["fluid"]
        c = self.rotor["clearance_m"]
        slender = math.pi * fluid["radius_m"] * fluid["length_m"] ** 3
        self.film_damping = fluid["viscosity_pa_s"] * slender / (2.0 * c**3)
        self.added_mass = fluid["density_kg_per_m3"] * slender / (12.0 * c)
        self.coil_turn = np.exp(1j * math.radians(self.rotor["force_angle_error_deg"]))
        k = self.bearing["set_mutual_coupling"]
        self.coil_inverse = np.linalg.inv(self.bearing["inductance_h"] * np.array([[1.0, k], [k, 1.0]]))
        self.density = fluid["density_kg_per_m3"] / 1055.0
        drag = (fluid["viscosity_pa_s"] / 3.6e-3) ** 0.3 * self.density**0.7
        self.disc = self.pump["torque_disc_mn_m_per_krpm2"] * drag
        self.flow_torque = self.pump["torque_flow_mn_m_per_krpm_lpm"] * self.density
        self.circuit, self.patient = circuit, patient
        self.tubes = [Tube(circuit[name], fluid) for name in ("drainage_tubing", "pump_tubing", "return_tubing")]

    def k_i(self, current: np.ndarray) -> np.ndarray:
        ratio = np.minimum(np.abs(current) / self.bearing["current_a_max"], 2.0)
        return self.bearing["k_i_n_per_a"] * (1.0 - 0.05 * ratio**2)

    def circuit_rate(self, speed: float, flow: float, opening: float) -> float:
        c, n = self.circuit, speed / RPM / 1000.0
        head = self.density * (
            self.pump["a_mmhg_per_krpm2"] * n**2
            - self.pump["b_mmhg_per_krpm_lpm"] * n * flow
            - self.pump["c_mmhg_per_lpm2"] * flow * abs(flow)
        )
        quadratic = (
            c["drainage_cannula"]["resistance_mmhg_per_lpm2"]
            + c["return_cannula"]["resistance_mmhg_per_lpm2"]
            + c["return_clamp"]["resistance_mmhg_per_lpm2"] * (1.0 / opening**2 - 1.0)
        )
        drop = quadratic * flow * abs(flow) + c["membrane_lung"]["resistance_mmhg_per_lpm"] * flow
        drop += sum(tube.drop(flow) for tube in self.tubes)
        driving = self.patient["venous_pressure_mmhg"] - self.patient["arterial_pressure_mmhg"] + head
        return (driving - drop) / sum(tube.inertance for tube in self.tubes)

    def rate(
        self, _time: float, y: np.ndarray, coil_duty: np.ndarray, phase_duty: np.ndarray, bus: np.ndarray
    ) -> np.ndarray:
        r, m = self.rotor, self.motor
        z, axial, p, angle = y[0] + 1j * y[1], y[2], y[3] + 1j * y[4], y[5]
        dz, daxial, dp, speed = y[6] + 1j * y[7], y[8], y[9] + 1j * y[10], y[11]
        coil = np.array([y[12] + 1j * y[13], y[14] + 1j * y[15]])
        phase = np.array([y[16] + 1j * y[17], y[18] + 1j * y[19]])
        flow, opening = y[20], min(y[21], 1.0)
        n = speed / RPM / 1000.0
        direction = np.exp(1j * angle)

        # The plane of the coils: (0, 0, h) tilted by (a, b) moves by (b h, -a h), which is -1j p h.
        lever = r["actuator_plane_offset_m"]
        dzh = dz - 1j * lever * dp
        pull = sum(self.k_i(i.real) * i.real + 1j * self.k_i(i.imag) * i.imag for i in coil) * self.coil_turn
        passive = r["k_x_n_per_m"] * (1.0 + 1j * r["k_x_cross_fraction"]) * z - r["eddy_damping_n_s_per_m"] * dz
        film = (
            -self.film_damping * dz
            + 0.5j * self.film_damping * speed * z
            + 0.25 * self.added_mass * speed**2 * z
        )
        unbalance = r["mass_kg"] * r["eccentricity_m"] * speed**2 * direction
        static = r["static_radial_force_n"] * np.exp(1j * (0.5 + 0.2 * flow))
        gx, gy, gz = r["gravity_m_per_s2"]
        force = pull + passive + film + unbalance + static + r["mass_kg"] * (gx + 1j * gy)
        ddz = force / (r["mass_kg"] + self.added_mass)

        # Moment of the coils' force at (0, 0, h): (-h F_y, h F_x) = 1j h F.
        moment = (
            -r["tilt_stiffness_n_m_per_rad"] * p
            - r["tilt_damping_n_m_s_per_rad"] * dp
            + 1j * r["inertia_polar_kg_m2"] * speed * dp
            + 1j * lever * pull
            + 1j * r["dynamic_unbalance_kg_m2"] * speed**2 * direction
        )
        ddp = moment / r["inertia_transverse_kg_m2"]
        ddaxial = gz + (
            -r["axial_stiffness_n_per_m"] * axial
            - r["axial_damping_n_s_per_m"] * daxial
            + r["axial_thrust_n"] * (n / 4.0) ** 2
        ) / r["mass_kg"]

        poles = m["pole_pairs"]
        electrical = np.exp(1j * poles * angle)
        torque = 1.5 * poles * m["flux_linkage_wb"] * sum((i * np.conj(electrical)).imag for i in phase)
        load = 1e-3 * (self.disc * n * abs(n) + math.copysign(max(0.0, self.flow_torque * abs(n) * flow), n))
        dspeed = (torque - load) / m["inertia_kg_m2"]

        volt = bus * (coil_duty[[0, 2]] + 1j * coil_duty[[1, 3]])
        emf = self.bearing["motion_emf_v_s_per_m"] * dzh * np.conj(self.coil_turn)
        dcoil = self.coil_inverse @ (volt - self.bearing["resistance_ohm"] * coil - emf)
        legs = phase_duty.reshape(2, 3)
        star = bus * ((2.0 / 3.0) * legs @ np.exp(2j * math.pi / 3.0 * np.arange(3)))
        back = 1j * poles * speed * m["flux_linkage_wb"] * electrical
        dphase = (star - m["phase_resistance_ohm"] * phase - back) / m["phase_inductance_h"]

        dopening = 1.0 / self.circuit["return_clamp"]["opening_s"] if y[21] < 1.0 else 0.0
        return np.array(
            [
                dz.real, dz.imag, daxial, dp.real, dp.imag, speed,
                ddz.real, ddz.imag, ddaxial, ddp.real, ddp.imag, dspeed,
                dcoil[0].real, dcoil[0].imag, dcoil[1].real, dcoil[1].imag,
                dphase[0].real, dphase[0].imag, dphase[1].real, dphase[1].imag,
                self.circuit_rate(speed, flow, opening), dopening,
            ]
        )  # fmt: skip
