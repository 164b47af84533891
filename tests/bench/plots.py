"""Plots of benchmarks as SVG, with logarithmic scales. Colors have the contrast of text on white, in light and dark pages."""

import math
import re
from html import escape, unescape

WIDTH, LEFT, ROW = 900, 560, 20
OURS = "#0b6e4f"
OTHERS = ["#9c4221", "#2b5797", "#6b4f9e", "#555555"]
PANEL, GAP = (340, 190), 60


def svg(title: str, height: float, parts: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" font-family="sans-serif" font-size="12">'
    back = f'<rect width="{WIDTH}" height="{height:.0f}" fill="#ffffff"/>'
    name = f'<text x="8" y="18" font-size="14" font-weight="bold">{escape(title)}</text>'
    return "\n".join([head, f"<title>{escape(title)}</title>", back, name, *parts, "</svg>\n"])


def title(drawing: str) -> str:
    """The title of a plot, for people who cannot see it."""
    return unescape(re.search("<title>(.*?)</title>", drawing)[1])


def text(x: float, y: float, words: str, anchor: str = "start", fill: str = "#222222") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, stroke: str = "#d0d0d0") -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}"/>'


def ratios(heading: str, rows: list[tuple[str, dict[str, float]]]) -> str:
    """A bar for each other tool of a row, from 1 (as much as v2only) to its multiple."""
    tools = sorted({tool for _, others in rows for tool in others})
    largest = max(value for _, others in rows for value in others.values())
    decades = max(1, math.ceil(math.log10(max(largest, 1.01))))
    scale = (WIDTH - LEFT - 60) / decades
    bars, y = [], 48
    for label, others in rows:
        bars.append(text(LEFT - 8, y + 13, label, "end"))
        for tool, value in others.items():
            width = scale * math.log10(value)
            fill = OTHERS[tools.index(tool) % len(OTHERS)]
            begin = LEFT + min(width, 0)
            bars.append(f'<rect x="{begin:.1f}" y="{y + 3}" width="{max(abs(width), 1):.1f}" height="{ROW - 6}" fill="{fill}"/>')
            bars.append(text(LEFT + max(width, 0) + 5, y + 13, f"×{value:.3g} {tool}"))
            y += ROW
        y += 4
    grid = [line(LEFT + scale * power, 40, LEFT + scale * power, y) for power in range(decades + 1)]
    marks = [text(LEFT + scale * power, 38, f"×{10**power:,}", "middle") for power in range(decades + 1)]
    return svg(heading, y + 10, [*grid, *marks, *bars])


def growth(heading: str, curves: dict[str, dict[str, list[tuple[float, float]]]]) -> str:
    """A panel for each curve, with a line for each tool, both axes logarithmic."""
    parts, (width, height) = [], PANEL
    for index, (name, tools) in enumerate(curves.items()):
        left, top = 30 + (index % 2) * (width + 40), 56 + (index // 2) * (height + GAP)
        sizes = [size for points in tools.values() for size, _ in points]
        values = [value for points in tools.values() for _, value in points if value > 0]
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        high = max(high, low + 1)
        first, last = math.log10(min(sizes)), math.log10(max(sizes))
        across = (width - 90) / max(last - first, 1e-9)

        def at(size: float, value: float) -> tuple[float, float]:
            return left + 36 + across * (math.log10(size) - first), top + height * (high - math.log10(value)) / (high - low)

        parts.append(text(left, top - 10, name))
        for power in range(low, high + 1):
            _, y = at(min(sizes), 10.0**power)
            parts += [line(left + 36, y, left + width - 54, y), text(left + 32, y + 4, f"{10.0**power:g}", "end")]
        parts += [text(at(size, 1)[0], top + height + 16, f"{size:,}", "middle") for size in sorted(set(sizes))]
        for tool, points in tools.items():
            fill = OURS if tool == "v2only" else OTHERS[0]
            path = " ".join("{:.1f},{:.1f}".format(*at(*point)) for point in sorted(points) if point[1] > 0)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{fill}" stroke-width="2"/>')
            x, y = at(*max(points))
            parts.append(text(x + 6, y + 4, tool, fill=fill))
    rows = (len(curves) + 1) // 2
    return svg(heading, 56 + rows * (PANEL[1] + GAP) - GAP + 30, parts)
