# SPDX-License-Identifier: Apache-2.0
"""Detectors of others on the signals of `levitas ecg --out DIR`: the second table of docs/ecg.md.

    python3 -m venv .venv && .venv/bin/pip install wfdb==4.3.1 neurokit2==0.3.0
    cargo sim -- ecg --record PATH/100 --out DIR
    .venv/bin/python tests/clients/ecg_peers.py DIR

These packages bring some fifty others, so they are not in requirements.txt and no test needs them. Their detectors look at a
whole signal, forward and back; ours has 60 ms. A beat matches within 150 ms, each once (ANSI/AAMI EC57).
"""
import importlib.metadata
import pathlib
import sys
import warnings

import neurokit2
import numpy
from wfdb import processing

WINDOW_MS = 150.0
RATE_HZ = 1000


def matched(truth_ms, found_ms):
    """Number of pairs within the window, both lists in the order of time."""
    count = index = 0
    for beat_ms in truth_ms:
        while index < len(found_ms) and found_ms[index] < beat_ms - WINDOW_MS:
            index += 1
        if index < len(found_ms) and found_ms[index] <= beat_ms + WINDOW_MS:
            count += 1
            index += 1
    return count


def xqrs(ecg_mv):
    detector = processing.XQRS(sig=ecg_mv, fs=RATE_HZ)
    detector.detect(verbose=False)
    return detector.qrs_inds


def gqrs(ecg_mv):
    return processing.gqrs_detect(sig=ecg_mv, fs=RATE_HZ)


def neurokit(method):
    def detect(ecg_mv):
        clean = neurokit2.ecg_clean(ecg_mv, sampling_rate=RATE_HZ, method=method)
        return neurokit2.ecg_peaks(clean, sampling_rate=RATE_HZ, method=method)[1]["ECG_R_Peaks"]

    return detect


DETECTORS = {
    "wfdb XQRS": xqrs,
    "wfdb GQRS": gqrs,
    "neurokit2 (own)": neurokit("neurokit"),
    "neurokit2 Pan-Tompkins 1985": neurokit("pantompkins1985"),
    "neurokit2 Hamilton 2002": neurokit("hamilton2002"),
    "neurokit2 Elgendi 2010": neurokit("elgendi2010"),
}


def column(path):
    return numpy.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)[:, 0]


def cell(truth_ms, found_ms):
    if not len(found_ms):
        return "none found"
    hits = matched(truth_ms, sorted(found_ms))
    sensitivity = 100 * hits / max(len(truth_ms), 1)
    predictivity = 100 * hits / max(len(found_ms), 1)
    return f"{sensitivity:.2f} / {predictivity:.2f}"


def main(folder):
    warnings.simplefilter("ignore")
    order = ["record_100", "sinus_rhythm", "noise", "ectopic_beats", "atrial_fibrillation", "pacing_spikes"]
    names = [name for name in order if (folder / f"{name}.ecg.csv").exists()]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("wfdb", "neurokit2"))
    print(f"Sensitivity / positive predictivity [%]. {versions}.\n")
    print(f"| detector | {' | '.join(name.replace('_', ' ') for name in names)} |")
    print(f"|{'---|' * (len(names) + 1)}")
    signals = {name: column(folder / f"{name}.ecg.csv") for name in names}
    truth = {name: column(folder / f"{name}.beats.csv") for name in names}
    ours = [cell(truth[name], column(folder / f"{name}.found.csv")) for name in names]
    print(f"| Levitas, causal | {' | '.join(ours)} |")
    for title, detect in DETECTORS.items():
        cells = [cell(truth[name], detect(signals[name]) * 1000.0 / RATE_HZ) for name in names]
        print(f"| {title} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
