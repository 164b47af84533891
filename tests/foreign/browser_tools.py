"""Chromium, which is not ours, behind a process that answers lines. A machine that cannot run it skips its tests."""

import os
import shutil
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
import servers
from policy_tools import Lines

HERE = Path(__file__).resolve().parent
# The configuration inside the package names fixed folders, `/tmp/fonts` among them, where nothing is unpacked.
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{unpacked}/fonts</dir>
  <cachedir>{unpacked}/fonts-cache</cachedir>
</fontconfig>
"""
# Without a font Chromium still starts, but lays out every text with height 0 and an empty `innerText`.
WORD = """(() => {
    const heading = document.querySelector('h1');
    return { height: heading.getBoundingClientRect().height, text: heading.innerText };
})()"""
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
        fonts = unpacked / "fonts.conf"
        fonts.write_text(FONTS.format(unpacked=escape(str(unpacked))))
        self.lines = Lines(
            ["node", HERE / "browser" / "look.mjs"],
            install,
            BROWSER_MODULES=str(BROWSER),
            TMPDIR=str(unpacked),
            FONTCONFIG_FILE=str(fonts),
        )
        try:
            word = self.look(HERE / "browser" / "blank.html", 360, ask=WORD)["answer"]
            assert word["height"] > 0 and word["text"] == "Blank", f"it finds no font in {unpacked / 'fonts'}: {word}"
        except AssertionError as error:
            self.lines.close()
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
