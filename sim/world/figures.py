# SPDX-License-Identifier: Apache-2.0
"""Writes the figures of the world's tests into docs/world.md: `python3 sim/world/figures.py`.

The tests print lines `CHECK what: value, expected value, off by x %` and, of published operating points,
`POINT what;published;source;model`; they go between the page's markers.
`--check` compares instead of writing and fails when the page is out of date; `cargo xtask ci` runs it.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "world.md"
START, END = "<!-- figures: start -->", "<!-- figures: end -->"
POINTS_START, POINTS_END = "<!-- operating points: start -->", "<!-- operating points: end -->"
LINE = re.compile(r"CHECK (.+): (\S+), expected (\S+), off by (\S+) %")
POINT = re.compile(r"POINT (.+);(\S+);(.+);(\S+)")


def printed() -> list[str]:
    # Without --release: the bits are the same, and what `cargo test` has built before is used again.
    command = ["cargo", "test", "--quiet", "-p", "levitas-world", "--lib", "--tests", "--", "--nocapture", "--test-threads=1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{done.stderr}\n{' '.join(command)}: exit code {done.returncode}")
    # The test harness writes its progress dots into the same lines.
    return done.stdout.splitlines()


def figures(lines: list[str]) -> str:
    rows = dict.fromkeys(match.groups() for line in lines if (match := LINE.search(line)))
    table = ["| check | world | expected | off by |", "|---|---|---|---|"]
    for what, value, expected, error in rows:
        table.append(f"| {what} | {float(value):.6g} | {float(expected):.6g} | {abs(float(error)):.3f} % |")
    return "\n".join(table)


def points(lines: list[str]) -> str:
    rows = dict.fromkeys(match.groups() for line in lines if (match := POINT.search(line)))
    table = ["| operating point | published | source | world | off by |", "|---|---|---|---|---|"]
    for what, published, source, model in rows:
        error = 100.0 * (float(model) / float(published) - 1.0)
        what = what.replace("[", "\\[").replace("]", "\\]")
        table.append(f"| {what} | {float(published):.4g} | {source} | {float(model):.4g} | {error:+.1f} % |")
    return "\n".join(table)


def between(page: str, start: str, end: str, text: str) -> str:
    before, rest = page.split(start)
    _, after = rest.split(end)
    return f"{before}{start}\n{text}\n{end}{after}"


def main() -> int:
    page = PAGE.read_text()
    lines = printed()
    new = between(page, START, END, figures(lines))
    new = between(new, POINTS_START, POINTS_END, points(lines))
    if "--check" in sys.argv[1:]:
        if new != page:
            print("docs/world.md is out of date: run python3 sim/world/figures.py", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
