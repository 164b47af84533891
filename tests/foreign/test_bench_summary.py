"""The summary of benchmarks, from figures of known value."""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))

import summary  # noqa: E402


def test_medians_spread_ratios_and_growth(tmp_path, monkeypatch, capsys):
    for number, factor in enumerate((1.0, 2.0, 3.0), 1):
        rows = [
            {
                "instances": size,
                "violating": size,
                "v2only": {"rss": 10.0, "cpu": factor * size / 1000, "wall": 1.0},
                "boto3": {"rss": 100.0, "cpu": factor * size / 100, "wall": 4.0},
            }
            for size in (1000, 10_000)
        ]
        (tmp_path / f"estate-{number}.json").write_text(json.dumps({"scan": rows}))
    monkeypatch.setattr(sys, "argv", ["summary.py", str(tmp_path)])
    assert summary.main() == 0
    lines = capsys.readouterr().out.splitlines()
    case = "| estate: scan, 100 % violating | 1,000 "
    assert f"{case}| cpu | v2only | 2.00 | 1.00 to 3.00 |  | 1.00 |" in lines
    assert f"{case}| cpu | boto3 | 20.00 | 10.00 to 30.00 | 1/10.0 | 1.00 |" in lines
    assert f"{case}| rss | boto3 | 100.00 | 100.00 to 100.00 | 1/10.0 | 0.00 |" in lines
    drawings = sorted(tmp_path.glob("*.svg"))
    assert len(drawings) == 6 and all(ElementTree.fromstring(it.read_text()) is not None for it in drawings)


@pytest.mark.parametrize(("power", "expected"), [(1, 1.0), (2, 2.0), (0, 0.0)])
def test_growth_is_the_exponent(power, expected):
    points = [(size, 7.0 * size**power) for size in (10, 100, 1000)]
    assert summary.growth(points) == pytest.approx(expected, abs=1e-9)


def test_one_size_has_no_growth():
    assert summary.growth([(10, 5.0)]) is None
