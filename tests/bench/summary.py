#!/usr/bin/env python3
"""Writes the figures that `tests/bench/run` collected into a page: tables, and plots as SVG beside it.

    tests/bench/summary.py FOLDER PAGE

The page has a pair of comments for each benchmark, `<!-- figures of NAME -->` and `<!-- end of NAME -->`. What stands between them
is replaced if FOLDER has figures of the benchmark (NAME-ROUND.json), and stays otherwise. Plots go to `images` beside the page.

A row of a table is a figure of one case: the median of v2only over the rounds with the lowest and the highest value, and of each
other tool the median and the ratio of the medians. `growth` is the exponent k of the figure of v2only as size^k, fitted over the
logarithms of the sizes of an estate.
"""

import datetime
import json
import math
import os
import platform
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import plots

OURS, TARGET = "v2only", "target"
# The name and the unit of a figure.
FIGURES = {
    "wall": ("time", "s"),
    "cpu": ("CPU", "s"),
    "rss": ("peak memory", "MiB"),
    "pss": ("peak memory of all processes", "MiB"),
    "ready": ("start to ready", "ms"),
    "fixed": ("start to fixed", "ms"),
    "cpu over http": ("CPU of the event, over HTTP", "ms"),
    "cpu over https": ("CPU of the event, over HTTPS", "ms"),
    "cpu of an event": ("CPU of the event", "ms"),
    "events": ("events on one core", "1/s"),
    "calls": ("API calls", ""),
    "throttled": ("throttled calls", ""),
}
# More is better.
MORE = ("events",)
# Figures that a plot shows; the others are in the table only.
PLOTTED = ("wall", "cpu", "rss", "pss", "ready", "fixed", "cpu over https", "cpu of an event")
ESTATES = {
    "quick": "100 instances, no delay",
    "slow": "100 instances, 50 ms a call",
    "org": "4 accounts × 4 Regions × 25 instances, 50 ms a call",
    "large": "40 accounts × 17 Regions × 1 instance, 50 ms a call",
    "account": "1,000 instances, 5 a second (minimum 180 s)",
}


def of_estate(found: dict):
    for row in found["scan"]:
        share = round(100 * row["violating"] / row["instances"])
        for tool in (OURS, "boto3"):
            for figure in ("rss", "cpu", "wall"):
                yield f"`scan`, {share} % violating", figure, row["instances"], tool, row[tool][figure]
            yield f"`scan`, {share} % violating", "calls", row["instances"], tool, sum(row[tool]["calls"].values())
    sizes = sorted({row["instances"] for row in found["scan"]})
    for way, taken in found["rss"].items():
        name, _, rest = way.partition(" ")
        for size, value in zip(sizes, taken, strict=True):
            yield f"`{name.rstrip(',')}`, {rest}".replace(", --output ", " as "), "rss", size, OURS, value
    for row in found["enforced"]:
        yield "`enforce` of all, in 1024 accounts and Regions", "rss", row["changes"], OURS, row["rss"]
    row = found["throttled"]
    case = f"`enforce` of {row['changes']} at 5 a second (minimum {row['floor']:.0f} s)"
    for figure in ("wall", "throttled"):
        yield case, figure, None, OURS, row[figure]


def of_peers(found: dict):
    for estate, tools in found.items():
        for tool, runs in tools.items():
            for run in runs:
                for figure in ("wall", "cpu", "pss"):
                    yield ESTATES[estate], figure, None, tool, run[figure]
                yield ESTATES[estate], "calls", None, tool, sum(run["calls"].values())
                yield ESTATES[estate], "throttled", None, tool, run["throttled"]


def of_coldstart(found: dict):
    for function, handlers in found["runs"].items():
        for tool, taken in handlers.items():
            for figure, samples in taken["samples"].items():
                for value in samples:
                    yield f"`{function}`", figure, None, tool, value
            yield f"`{function}`", "calls", None, tool, sum(taken["calls"].values())


def of_warm(found: list):
    for row in found:
        for tool in (OURS, "boto3"):
            for figure, value in (("cpu of an event", row[tool]["cpu"]), ("events", row[tool]["events"]), ("calls", row[tool]["calls"])):
                yield f"a launch of {row['violating']} violating instances", figure, None, tool, value


def of_v2only_alone(found: list):
    for row in found:
        yield row["case"], row["figure"], None, OURS, row["value"]
        if row["target"] is not None:
            yield row["case"], row["figure"], None, TARGET, row["target"]


READERS = {
    "coldstart": of_coldstart,
    "warm": of_warm,
    "estate": of_estate,
    "peers": of_peers,
    "journal": of_v2only_alone,
    "trail": of_v2only_alone,
    "large_files": of_v2only_alone,
}


def collect(folder: Path, name: str) -> tuple[dict, int]:
    """Values of a benchmark by (case, figure, size) and tool, and the number of rounds."""
    values, files = defaultdict(lambda: defaultdict(list)), sorted(folder.glob(f"{name}-*.json"))
    for path in files:
        for case, figure, size, tool, value in READERS[name](json.loads(path.read_text())):
            values[case, figure, size][tool].append(value)
    return values, len(files)


def growth(points: list[tuple[float, float]]) -> float | None:
    """The exponent of a power of the size, by least squares over the logarithms."""
    points = [(math.log(size), math.log(value)) for size, value in points if size and value > 0]
    if len({size for size, _ in points}) < 2:
        return None
    middle = [statistics.mean(it) for it in zip(*points)]
    spread = sum((size - middle[0]) ** 2 for size, _ in points)
    return sum((size - middle[0]) * (value - middle[1]) for size, value in points) / spread


def number(value: float) -> str:
    """Three digits at most, but for whole numbers."""
    if value == round(value) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2g}"


def tables(values: dict) -> list[str]:
    """One table for each set of tools that were measured together, in the order of the cases."""
    by_tools = defaultdict(list)
    for (case, figure, size), tools in values.items():
        by_tools[tuple(tool for tool in tools if tool != TARGET)].append((case, figure, size))
    return [table(values, tools, rows) for tools, rows in by_tools.items()]


def table(values: dict, tools: tuple, rows: list) -> str:
    sized = any(size for _, _, size in rows)
    aimed = any(TARGET in values[row] for row in rows)
    heads = ["case", *["instances"] * sized, "figure", *tools, *["target"] * aimed, *["growth"] * sized]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for case, figure, size in rows:
        taken = values[case, figure, size]
        name, unit = FIGURES[figure]
        ours = statistics.median(taken[OURS])
        cells = [case, *[f"{size:,}" if size else ""] * sized, f"{name}, {unit}" if unit else name]
        for tool in tools:
            median = statistics.median(taken[tool])
            same = tool == OURS and min(taken[tool]) != max(taken[tool])
            spread = f" ({number(min(taken[tool]))} to {number(max(taken[tool]))})" if same else ""
            times = (ours / median if figure in MORE else median / ours) if ours and median else None
            ratio = f" (1/{times:.1f})" if tool != OURS and times else ""
            cells.append(f"{number(median)}{spread}{ratio}")
        cells += [number(taken[TARGET][0]) if TARGET in taken else ""] * aimed
        points = [(at, statistics.median(of[OURS])) for (a, b, at), of in values.items() if (a, b) == (case, figure)]
        exponent = growth(points) if size else None
        # Plus zero, so that nothing is -0.00.
        cells += ["" if exponent is None else f"{round(exponent, 2) + 0.0:.2f}"] * sized
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def drawings(values: dict) -> dict[str, str]:
    """Plots by name: the other tools beside v2only, and medians over sizes where there are several."""
    found, bars, curves = {}, [], defaultdict(lambda: defaultdict(list))
    for (case, figure, size), tools in values.items():
        medians = {tool: statistics.median(taken) for tool, taken in tools.items() if tool != TARGET}
        if figure not in PLOTTED or len(medians) < 2 or not medians[OURS]:
            continue
        name, unit = FIGURES[figure]
        label = f"{case}{f', {size:,}' if size else ''}: {name}".replace("`", "")
        others = {tool: median / medians[OURS] for tool, median in medians.items() if tool != OURS}
        bars.append((f"{label} ({number(medians[OURS])} {unit})", others))
        for tool, median in medians.items() if size else ():
            curves[f"{case}: {name}, {unit}".replace("`", "")][tool].append((size, median))
    if bars:
        found["ratios"] = plots.ratios("Other tools as multiples of v2only, whose value is in brackets", bars)
    if any(len(points) > 1 for tools in curves.values() for points in tools.values()):
        found["growth"] = plots.growth("Medians by the number of instances", curves)
    return found


def machine() -> str:
    """What the figures were taken on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    rust = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    return f"{os.cpu_count()} CPUs ({platform.machine()}), {memory:.0f} GiB, Rust {rust}, Python {platform.python_version()}"


def block(name: str, values: dict, rounds: int, images: Path) -> str:
    """What stands between the comments of a benchmark."""
    for old in images.glob(f"bench-{name}-*.svg"):
        old.unlink()
    images.mkdir(exist_ok=True)
    parts = [f"`tests/bench/run {name}`, {rounds} round{'s' * (rounds != 1)}, {datetime.date.today()}, on {machine()}:\n", *tables(values)]
    for kind, drawing in drawings(values).items():
        path = images / f"bench-{name}-{kind}.svg"
        path.write_text(drawing)
        parts.append(f"![{plots.title(drawing)}]({images.name}/{path.name})\n")
    return "\n".join(parts)


def written(page: str, name: str, text: str) -> str:
    """The page with another text between the comments of a benchmark."""
    begin, end = f"<!-- figures of {name} -->\n", f"<!-- end of {name} -->\n"
    if page.count(begin) != 1 or page.count(end) != 1:
        raise ValueError(f"the page needs one {begin.strip()} and one {end.strip()}")
    return re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}\n{text}\n{end}", page, flags=re.DOTALL)


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    folder, path = Path(sys.argv[1]), Path(sys.argv[2])
    page, filled = path.read_text(), []
    for name in READERS:
        values, rounds = collect(folder, name)
        if values:
            page = written(page, name, block(name, values, rounds, path.parent / "images"))
            filled.append(name)
    if not filled:
        print(f"{folder} holds no figures", file=sys.stderr)
        return 1
    path.write_text(page)
    print(f"wrote the figures of {', '.join(filled)} into {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
