# SPDX-License-Identifier: Apache-2.0
"""`levitas fmu` with FMPy as it comes from PyPI: is the model valid, and does it do what `levitas run` does? asammdf reads the run."""
import pathlib
import subprocess

import fmpy
import numpy as np
import pytest
from asammdf import MDF
from fmpy.fmi1 import FMICallException
from fmpy.fmi2 import FMU2Slave
from fmpy.validation import validate_fmu

ROOT = pathlib.Path(__file__).parents[2]
CARGO = ["cargo", "run", "--quiet", "--release", "-p", "levitas", "--"]
SCENARIO, SECONDS, STEP = "1a_levitation", 4.0, 1e-3


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The model and the trace of a run, as MDF 4."""
    folder = tmp_path_factory.mktemp("fmu")
    model, trace = folder / "model.fmu", folder / "trace.mf4"
    build = ["cargo", "build", "--quiet", "--release", "-p", "levitas-fmu"]
    for command in [
        build,
        [*CARGO, "fmu", SCENARIO, "--out", model],
        [*CARGO, "run", SCENARIO, "--quiet", "--out", folder / "out", "--mdf", trace],
    ]:
        subprocess.run(command, cwd=ROOT, check=True)
    return model, trace


def test_the_model_is_valid(made):
    assert validate_fmu(str(made[0])) == []


@pytest.mark.parametrize("step", [STEP, 2.5e-3])
def test_the_model_does_what_the_run_does(made, step):
    model, trace = made
    names = [variable.name for variable in fmpy.read_model_description(str(model)).modelVariables if variable.causality == "output"]
    result = fmpy.simulate_fmu(
        str(model), stop_time=SECONDS, output_interval=step, step_size=step, output=names
    )
    run = MDF(trace)
    for name in names:
        signal = run.get(name)
        # Rows of the trace are at whole milliseconds where no detail is wanted.
        at = {round(time * 1e6): value for time, value in zip(signal.timestamps, signal.samples)}
        pairs = [(value, at[round(time * 1e6)]) for time, value in zip(result["time"], result[name]) if round(time * 1e6) in at]
        ours, theirs = np.array(pairs).T
        assert len(pairs) > 0.3 * SECONDS / step, name
        assert np.array_equal(np.isnan(ours), np.isnan(theirs)), name
        there = ~np.isnan(ours)
        difference = np.abs(ours - theirs)[there] / np.maximum(1, np.abs(theirs[there]))
        assert difference.size == 0 or difference.max() < 1e-6, f"{name}: {difference.max()}"


def unpacked(model, folder, guid=None):
    """An instance that does not exist yet, and the references of its variables."""
    description = fmpy.read_model_description(str(model))
    instance = FMU2Slave(
        guid=guid or description.guid,
        unzipDirectory=fmpy.extract(str(model), str(folder)),
        modelIdentifier=description.coSimulation.modelIdentifier,
        instanceName="one",
    )
    return instance, {variable.name: variable.valueReference for variable in description.modelVariables}


def slave(model, folder):
    instance, references = unpacked(model, folder)
    instance.instantiate()
    instance.setupExperiment(startTime=0.0)
    instance.enterInitializationMode()
    instance.exitInitializationMode()
    return instance, references


def test_an_operator_outside_and_a_state_that_is_gone_back_to(made, tmp_path):
    instance, at = slave(made[0], tmp_path)
    speed = lambda: instance.getReal([at["speed_rpm"]])[0]
    instance.doStep(0.0, 2.0)
    before = speed()
    state = instance.getFMUstate()
    instance.setReal([at["speed_command_rpm"]], [3000.0])
    instance.doStep(2.0, 1.0)
    asked = speed()
    assert abs(asked - 3000) < 15
    instance.setFMUstate(state)
    assert speed() == before
    instance.doStep(2.0, 1.0)
    assert abs(speed() - 4000) < 20, "what was asked for in the other future is not there"
    instance.freeFMUstate(state)
    instance.reset()
    assert speed() == 0
    instance.terminate()
    instance.freeInstance()


def test_what_is_refused(made, tmp_path):
    instance, at = slave(made[0], tmp_path)
    for refused, status in [
        (lambda: instance.doStep(0.0, SECONDS + 1), 2),
        (lambda: instance.doStep(1.0, 0.1), 2),
        (lambda: instance.setReal([at["speed_rpm"]], [1.0]), 3),
        (lambda: instance.getReal([999]), 3),
    ]:
        with pytest.raises(FMICallException) as error:
            refused()
        assert error.value.status == status
    instance.doStep(0.0, 0.1)
    instance.freeInstance()


def test_a_description_of_another_library_is_refused(made, tmp_path, capfd):
    instance, _ = unpacked(made[0], tmp_path, guid="{other}")
    with pytest.raises(Exception, match="instantiat"):
        instance.instantiate(loggingOn=True)


def test_a_scenario_that_names_a_file_is_not_packed(tmp_path):
    table = ROOT / "tests/scenarios/1e_own_table.csv"
    absolute = tmp_path / "absolute.toml"
    absolute.write_text((ROOT / "tests/scenarios/1e_own_table.toml").read_text().replace("1e_own_table.csv", str(table)))
    for scenario in ["tests/scenarios/1e_own_table.toml", "1e_own_table", absolute]:
        done = subprocess.run([*CARGO, "fmu", scenario, "--out", tmp_path / "x.fmu"], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 2 and "names no file of its own" in done.stderr and not (tmp_path / "x.fmu").exists(), scenario
