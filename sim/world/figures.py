# SPDX-License-Identifier: Apache-2.0
"""Writes the figures of the world's tests into docs/world.md: `python3 sim/world/figures.py`.

The tests print lines `CHECK what: value, expected value, off by x %`; they go between the page's markers.
`--check` compares instead of writing and fails when the page is out of date; `cargo xtask ci` runs it.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "world.md"
START, END = "<!-- figures: start -->", "<!-- figures: end -->"
LINE = re.compile(r"CHECK (.+): (\S+), expected (\S+), off by (\S+) %")


def figures() -> str:
    # Without --release: the bits are the same, and what `cargo test` has built before is used again.
    command = ["cargo", "test", "--quiet", "-p", "levitas-world", "--lib", "--tests", "--", "--nocapture", "--test-threads=1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{done.stderr}\n{' '.join(command)}: exit code {done.returncode}")
    # The test harness writes its progress dots into the same lines.
    rows = dict.fromkeys(match.groups() for line in done.stdout.splitlines() if (match := LINE.search(line)))
    table = ["| check | world | expected | off by |", "|---|---|---|---|"]
    for what, value, expected, error in rows:
        table.append(f"| {what} | {float(value):.6g} | {float(expected):.6g} | {abs(float(error)):.3f} % |")
    return "\n".join(table)


def main() -> int:
    page = PAGE.read_text()
    before, rest = page.split(START)
    _, after = rest.split(END)
    new = f"{before}{START}\n{figures()}\n{END}{after}"
    if "--check" in sys.argv[1:]:
        if new != page:
            print("docs/world.md is out of date: run python3 sim/world/figures.py", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
