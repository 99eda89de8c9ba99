# SPDX-License-Identifier: Apache-2.0
"""Lets the tests import the modules beside them from any working directory, and keeps numpy to one thread: for matrices of eleven rows
more of them wait for each other most of the time, ten times as long where other programs run too."""
import os
import pathlib
import sys

# Read when numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(pathlib.Path(__file__).parent))
