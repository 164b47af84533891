"""The summary of benchmarks, from figures of known value; and the page that holds the summary."""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import servers

sys.path.insert(0, str(servers.REPOSITORY / "tests" / "bench"))

import summary  # noqa: E402

PAGE = servers.REPOSITORY / "docs" / "src" / "results.md"
MARKS = "# Results\n\n<!-- figures of {0} -->\nolder\n<!-- end of {0} -->\n\n<!-- figures of peers -->\nkept\n<!-- end of peers -->\n"


def summarized(monkeypatch, folder: Path, page: Path) -> str:
    monkeypatch.setattr(sys, "argv", ["summary.py", str(folder), str(page)])
    assert summary.main() == 0
    return page.read_text()


def test_medians_spread_ratios_and_growth(tmp_path, monkeypatch):
    for number, factor in enumerate((1.0, 2.0, 3.0), 1):
        rows = [
            {
                "instances": size,
                "violating": size,
                "v2only": {"rss": 10.0, "cpu": factor * size / 1000, "wall": 1.0, "calls": {"DescribeInstances": size // 1000}},
                "boto3": {"rss": 100.0, "cpu": factor * size / 100, "wall": 4.0, "calls": {"DescribeInstances": size // 1000}},
            }
            for size in (1000, 10_000)
        ]
        throttled = {"changes": 300, "floor": 40.0, "wall": 40.5 + factor, "throttled": 0}
        figures = {"scan": rows, "rss": {"scan --output csv": [39.0, 40.0]}, "enforced": [], "throttled": throttled}
        (tmp_path / f"estate-{number}.json").write_text(json.dumps(figures))
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "bench-estate-old.svg").touch()
    (tmp_path / "page.md").write_text(MARKS.format("estate"))
    page = summarized(monkeypatch, tmp_path, tmp_path / "page.md")
    lines = page.splitlines()
    assert "| `scan`, 100 % violating | 1,000 | CPU, s | 2 (1 to 3) | 20 (1/10.0) | 1.00 |" in lines
    assert "| `scan`, 100 % violating | 10,000 | peak memory, MiB | 10 | 100 (1/10.0) | 0.00 |" in lines
    assert "| `scan`, 100 % violating | 10,000 | API calls | 10 | 10 (1/1.0) | 1.00 |" in lines
    assert "| `scan` as csv | 10,000 | peak memory, MiB | 40 | 0.01 |" in lines
    assert "| `enforce` of 300 at 5 a second (minimum 40 s) |  | time, s | 42.5 (41.5 to 43.5) |  |" in lines
    assert "older" not in page and "\nkept\n" in page and page.startswith("# Results\n")
    assert [line for line in lines if line.startswith("`tests/bench/run estate`, 3 rounds, ")]
    drawings = {it.name: it.read_text() for it in (tmp_path / "images").iterdir()}
    assert set(drawings) == {"bench-estate-ratios.svg", "bench-estate-growth.svg"}
    assert all(f"](images/{name})" in page for name in drawings)
    assert all(ElementTree.fromstring(it) is not None for it in drawings.values())
    assert "×10 boto3" in drawings["bench-estate-ratios.svg"]
    assert summarized(monkeypatch, tmp_path, tmp_path / "page.md") == page, "the same figures make the same page"


def test_targets_and_figures_of_which_more_is_better(tmp_path, monkeypatch):
    row = {"violating": 20, "v2only": {"cpu": 4.0, "events": 250.0, "calls": 2}, "boto3": {"cpu": 40.0, "events": 25.0, "calls": 2}}
    (tmp_path / "warm-1.json").write_text(json.dumps([row]))
    (tmp_path / "page.md").write_text(MARKS.format("warm"))
    assert "| events on one core, 1/s | 250 | 25 (1/10.0) |" in summarized(monkeypatch, tmp_path, tmp_path / "page.md")
    figures = [{"case": "a journal", "figure": name, "value": 2, "target": to} for name, to in (("cpu", 3), ("rss", None))]
    (tmp_path / "journal-1.json").write_text(json.dumps(figures))
    (tmp_path / "page.md").write_text(MARKS.format("warm") + MARKS.format("journal").replace("of peers", "of others"))
    page = summarized(monkeypatch, tmp_path, tmp_path / "page.md")
    assert "| a journal | CPU, s | 2 | 3 |\n| a journal | peak memory, MiB | 2 |  |\n" in page


def test_a_page_without_the_place_is_refused(tmp_path, monkeypatch):
    (tmp_path / "journal-1.json").write_text(json.dumps([{"case": "a", "figure": "cpu", "value": 1, "target": 1}]))
    (tmp_path / "page.md").write_text(MARKS.format("estate"))
    with pytest.raises(ValueError, match="<!-- figures of journal -->"):
        summarized(monkeypatch, tmp_path, tmp_path / "page.md")


def test_the_page_has_a_place_for_every_benchmark_that_runs():
    run = (servers.REPOSITORY / "tests" / "bench" / "run").read_text()
    [names] = [line for line in run.splitlines() if line.startswith("all=(")]
    assert names.removeprefix("all=(").removesuffix(")").split() == list(summary.READERS)
    for name in summary.READERS:
        text = summary.written(PAGE.read_text(), name, "other")
        assert "other" in text and f"tests/bench/{name}.py" in PAGE.read_text(), name


@pytest.mark.parametrize(("power", "expected"), [(1, 1.0), (2, 2.0), (0, 0.0)])
def test_growth_is_the_exponent(power, expected):
    points = [(size, 7.0 * size**power) for size in (10, 100, 1000)]
    assert summary.growth(points) == pytest.approx(expected, abs=1e-9)


def test_one_size_has_no_growth():
    assert summary.growth([(10, 5.0)]) is None
