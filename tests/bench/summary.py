#!/usr/bin/env python3
"""One Markdown table and SVG plots from the figures that `tests/bench/run` collected.

    tests/bench/summary.py FOLDER

Each row is one figure of one tool: the median over the rounds, the spread, and the ratio to v2only in the same rounds. For an
estate that was measured at several sizes, `growth` is the exponent k of the figure as size^k, fitted over the logarithms.
"""

import json
import math
import statistics
import sys
from collections import defaultdict
from html import escape
from pathlib import Path

OURS = "v2only"


def collect(folder: Path) -> dict:
    """Values by benchmark, figure, size and tool."""
    values = defaultdict(lambda: defaultdict(list))
    for path in sorted(folder.glob("*-*.json")):
        name, found = path.stem.rsplit("-", 1)[0], json.loads(path.read_text())
        for case, figure, size, tool, value in READERS[name](found):
            values[(f"{name}: {case}", figure, size)][tool].append(value)
    return values


def of_estate(found: dict):
    for row in found["scan"]:
        share = round(100 * row["violating"] / row["instances"])
        for tool in (OURS, "boto3"):
            for figure in ("rss", "cpu", "wall"):
                yield f"scan, {share} % violating", figure, row["instances"], tool, row[tool][figure]


def of_peers(found: dict):
    for estate, tools in found.items():
        for tool, runs in tools.items():
            for run in runs:
                for figure in ("wall", "cpu", "pss"):
                    yield estate, figure, None, tool, run[figure]


def of_coldstart(found: dict):
    for function, handlers in found["runs"].items():
        for tool, taken in handlers.items():
            for figure, samples in taken["samples"].items():
                for value in samples:
                    yield function, figure, None, tool, value


READERS = {"estate": of_estate, "peers": of_peers, "coldstart": of_coldstart}


def growth(points: list[tuple[float, float]]) -> float | None:
    """The exponent of a power of the size, by least squares over the logarithms."""
    points = [(math.log(size), math.log(value)) for size, value in points if size and value > 0]
    if len({size for size, _ in points}) < 2:
        return None
    middle = [statistics.mean(it) for it in zip(*points)]
    spread = sum((size - middle[0]) ** 2 for size, _ in points)
    return sum((size - middle[0]) * (value - middle[1]) for size, value in points) / spread


def table(values: dict) -> str:
    lines = ["| case | size | figure | tool | median | spread | ratio | growth |", "|---|---|---|---|---|---|---|---|"]
    for (case, figure, size), tools in values.items():
        ours = statistics.median(tools[OURS]) if tools.get(OURS) else None
        for tool, taken in tools.items():
            median = statistics.median(taken)
            ratio = "" if tool == OURS or not ours else f"1/{median / ours:.1f}"
            sizes = [(at, statistics.median(of[tool])) for (a, b, at), of in values.items() if (a, b) == (case, figure)]
            exponent = growth(sizes) if size else None
            cells = [case, f"{size:,}" if size else "", figure, tool, f"{median:.2f}", f"{min(taken):.2f} to {max(taken):.2f}"]
            lines.append(f"| {' | '.join([*cells, ratio, '' if exponent is None else f'{exponent:.2f}'])} |")
    return "\n".join(lines) + "\n"


def plot(title: str, medians: dict[str, float]) -> str:
    """Bars, one for each tool."""
    largest, height = max(medians.values()) or 1.0, 40 + 28 * len(medians)
    bars = []
    for row, (tool, value) in enumerate(medians.items()):
        top, width = 34 + 28 * row, 320 * value / largest
        fill = "#0b6e4f" if tool == OURS else "#9aa5b1"
        bars.append(f'<text x="8" y="{top + 15}">{escape(tool)}</text>')
        bars.append(f'<rect x="110" y="{top}" width="{width:.1f}" height="20" fill="{fill}"/>')
        bars.append(f'<text x="{118 + width:.1f}" y="{top + 15}">{value:.2f}</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="520" height="{height}" font-family="sans-serif" font-size="13">'
    return f'{head}<text x="8" y="20" font-weight="bold">{escape(title)}</text>{"".join(bars)}</svg>\n'


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    values = collect(folder)
    if not values:
        print(f"{folder} holds no figures", file=sys.stderr)
        return 1
    text = table(values)
    (folder / "results.md").write_text(text)
    for number, ((case, figure, size), tools) in enumerate(values.items(), 1):
        title = f"{case}{f', {size:,}' if size else ''}: {figure}"
        drawing = plot(title, {tool: statistics.median(taken) for tool, taken in tools.items()})
        (folder / f"plot-{number:02}.svg").write_text(drawing)
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
