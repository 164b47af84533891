"""Runs checkers over a file or a folder, and says what each reports about a resource."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import servers
from peer_fixtures import RIGHT, UNKNOWN, WRONG

CHECKOV = Path(
    os.environ.get("V2ONLY_CHECKOV", servers.target_directory() / "venv-checkov" / "bin" / "checkov")
)
# The rules about IMDSv1 and about the hop limit.
CHECKOV_RULES = {"tokens": ("CKV_AWS_79", "CKV_AWS_371"), "hops": ("CKV_AWS_341",)}
FRAMEWORKS = {"cloudformation": "cloudformation", "terraform": "terraform", "plan": "terraform_plan"}

# The path below the folder, `.` for a file, and the resource in it.
Reported = dict[tuple[str, str], str]


def v2only(path: Path, about: str, *flags: str) -> tuple[Reported, set[str]]:
    """The verdicts other than `right`, and the files that were read."""
    argv = [os.environ["V2ONLY_BIN"], "check", str(path), "--output", "json", *flags]
    ran = subprocess.run(argv, env=servers.clean_environment(), capture_output=True, text=True, timeout=120)
    assert ran.returncode in (0, 3, 10), ran.stderr
    report = json.loads(ran.stdout)
    assert not report["unread"], report["unread"]
    reported: Reported = {}
    for it in report["findings"]:
        if of_hops(it) != (about == "hops"):
            continue
        key = (str(Path(it["file"]).relative_to(path)), it["resource"])
        verdict = UNKNOWN if it["level"] == "note" else WRONG
        reported[key] = WRONG if WRONG in (verdict, reported.get(key)) else UNKNOWN
    return reported, {str(Path(it["file"]).relative_to(path)) for it in report["files"]}


def of_hops(finding: dict) -> bool:
    why = finding["why"].lower().replace("_", "")
    return finding["code"] == "hop-limit" or "hoplimit" in why


def checkov(path: Path, form: str) -> dict[str, Reported]:
    """The verdict about each resource that checkov judges, `right` or `wrong`, by the switch that its rule judges."""
    if not CHECKOV.exists():
        pytest.fail(f"{CHECKOV} does not exist; run `tests/run --only infra`", pytrace=False)
    what, folder = ("-d", path) if path.is_dir() else ("-f", path.parent)
    argv = [str(CHECKOV), what, str(path), "--framework", FRAMEWORKS[form], "-o", "json", "--compact"]
    argv += ["--skip-download", "-c", ",".join(it for rules in CHECKOV_RULES.values() for it in rules)]
    environment = servers.clean_environment(BC_SKIP_MAPPING="TRUE", LOG_LEVEL="ERROR")
    ran = subprocess.run(argv, env=environment, cwd=folder, capture_output=True, text=True, timeout=600)
    assert ran.returncode in (0, 1), ran.stderr[-500:]
    results = json.loads(ran.stdout)["results"]
    assert not results["parsing_errors"], results["parsing_errors"]
    reported: dict[str, Reported] = {about: {} for about in CHECKOV_RULES}
    for verdict, checks in ((RIGHT, results["passed_checks"]), (WRONG, results["failed_checks"])):
        for it in checks:
            about = next(about for about, rules in CHECKOV_RULES.items() if it["check_id"] in rules)
            name = it["resource"].rsplit(".", 1)[-1] if form == "cloudformation" else it["resource"]
            reported[about][it["file_path"].lstrip("/") if path.is_dir() else ".", name] = verdict
    return reported
