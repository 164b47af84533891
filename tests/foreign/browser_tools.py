"""Chromium, which is not ours, behind a process that answers lines. A machine that cannot run it skips its tests."""

import os
import shutil
from pathlib import Path

import pytest
import servers
from policy_tools import Lines

HERE = Path(__file__).resolve().parent
BROWSER = Path(os.environ.get("V2ONLY_BROWSER_DIR", servers.target_directory() / "browser"))


class Browser:
    """One Chromium for all tests of a run."""

    def __init__(self):
        install = "tests/run --only foreign"
        modules = BROWSER / "node_modules" / "@sparticuz" / "chromium" / "package.json"
        if not modules.exists():
            pytest.fail(f"{modules} does not exist; run `{install}`", pytrace=False)
        # Unpacked beside the packages, so that another release of them brings its own.
        unpacked = BROWSER / "unpacked"
        unpacked.mkdir(exist_ok=True)
        self.lines = Lines(
            ["node", HERE / "browser" / "look.mjs"],
            install,
            BROWSER_MODULES=str(BROWSER),
            TMPDIR=str(unpacked),
            FONTCONFIG_PATH=str(unpacked / "fonts"),
        )
        try:
            self.look(HERE / "browser" / "blank.html", 360)
        except AssertionError as error:
            shutil.rmtree(unpacked, ignore_errors=True)
            pytest.skip(f"Chromium does not run on this machine: {error}")

    def look(self, file: Path, width: int, scheme: str = "light", **more) -> dict:
        """What a page does at a width: `overflow`, `console`, `requests`, `violations` and the `answer` to `ask`."""
        answer = self.lines.ask({"file": str(file), "width": width, "scheme": scheme, **more})
        assert "error" not in answer, answer["error"]
        return answer


@pytest.fixture(scope="session")
def browser():
    browser = Browser()
    yield browser
    browser.lines.close()
