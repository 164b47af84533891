#!/usr/bin/env python3
"""Writes docs/src/images/scan.svg: what `v2only scan` prints about a small estate in the embedded AWS.

    docs/picture.py [FOLDER]    FOLDER holds v2only and v2only-sandbox [default: the debug folder of the target folder]

Standard library only. Reaches the loopback interface and nothing else.
"""

import contextlib
import fcntl
import html
import json
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import unicodedata
import urllib.parse
import urllib.request
from pathlib import Path

DOCS = Path(__file__).resolve().parent
PICTURE = DOCS / "src" / "images" / "scan.svg"
ACCOUNT, REGION = "111122223333", "eu-central-1"
IMAGE = "ami-0a1b2c3d4e5f60002"
COLUMNS = 100
COMMAND = ["scan", "--policy", "policy.yaml", "--region", REGION]
POLICY = "version: 1\nmode: observe\naccount_defaults: { http_tokens: required }\n"
# A terminal's colours on a dark ground.
COLOURS = dict(
    zip(
        range(30, 38),
        ("#6e7681", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#76e3ea", "#c9d1d9"),
        strict=True,
    )
)
GROUND, INK, DIM = "#0d1117", "#c9d1d9", "#8b949e"
SIZE, ADVANCE, LEADING, MARGIN = 14, 8.4, 19, 20
ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")


def ec2(endpoint: str, action: str, **parameters: str) -> str:
    """Calls the embedded EC2, which reads the account from the credential and checks no signature."""
    body = urllib.parse.urlencode({"Action": action, "Version": "2016-11-15", **parameters}).encode()
    scope = f"{ACCOUNT}/20260101/{REGION}/ec2/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
    request = urllib.request.Request(endpoint, body, {"Authorization": signed, "X-Amz-Date": "20260101T000000Z"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        return answer.read().decode()


def advance(endpoint: str, seconds: int) -> None:
    """Moves the clock of the embedded AWS."""
    body = json.dumps({"seconds": seconds}).encode()
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        urllib.request.Request(f"{endpoint}/_sandbox/advance", body), timeout=30
    ):
        pass


def launch(endpoint: str, name: str, number: int, **parameters: str) -> None:
    tag = {
        "TagSpecification.1.ResourceType": "instance",
        "TagSpecification.1.Tag.1.Key": "Name",
        "TagSpecification.1.Tag.1.Value": name,
    }
    count = {"MinCount": str(number), "MaxCount": str(number)}
    ec2(endpoint, "RunInstances", InstanceType="t3.micro", **count, **tag, **parameters)


def template(endpoint: str, name: str) -> dict[str, str]:
    """Creates a launch template that permits IMDSv1, and returns the parameters of a launch from it."""
    data = {"LaunchTemplateData.ImageId": IMAGE, "LaunchTemplateData.MetadataOptions.HttpTokens": "optional"}
    made = ec2(endpoint, "CreateLaunchTemplate", LaunchTemplateName=name, **data)
    return {"LaunchTemplate.LaunchTemplateId": re.search(r"<launchTemplateId>(.*?)<", made)[1]}


def fill(endpoint: str) -> None:
    launch(endpoint, "web", 2, **template(endpoint, "web"))
    direct = {"ImageId": IMAGE, "MetadataOptions.HttpPutResponseHopLimit": "1"}
    launch(endpoint, "billing", 1, **direct, **{"MetadataOptions.HttpTokens": "optional"})
    launch(endpoint, "search", 4, **direct, **{"MetadataOptions.HttpTokens": "required"})


def in_a_terminal(argv: list, folder: str, environment: dict[str, str]) -> str:
    """The standard output of a scan that finds violations, in a terminal of COLUMNS columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    with subprocess.Popen(argv, cwd=folder, env=environment, stdout=theirs, stderr=subprocess.PIPE) as run:
        os.close(theirs)
        printed = b""
        # Linux reports a closed terminal as an error.
        with contextlib.suppress(OSError):
            while read := os.read(ours, 65536):
                printed += read
        os.close(ours)
        said = run.stderr.read().decode()
    if run.returncode != 10:
        sys.exit(f"scan ended with {run.returncode}:\n{said}")
    return printed.decode().replace("\r\n", "\n")


def scan(binaries: Path) -> str:
    """The output of `scan`, with its colours."""
    server = subprocess.Popen(
        [binaries / "v2only-sandbox", "--manual-clock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        endpoint = json.loads(server.stdout.readline())["endpoint"]
        fill(endpoint)
        # AWS applies the options of a new instance after a moment.
        advance(endpoint, seconds=60)
        environment = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "V2ONLY_LOOPBACK_ONLY": "1",
            "TERM": "xterm-256color",
            "PATH": os.environ["PATH"],
            "TMPDIR": tempfile.gettempdir(),
        }
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "policy.yaml").write_text(POLICY)
            return in_a_terminal([binaries / "v2only", *COMMAND], folder, environment)
    finally:
        server.stdin.close()
        server.wait(30)


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def style(codes: str, now: dict) -> dict:
    """The style after an escape sequence."""
    for code in (int(word or 0) for word in codes.split(";")):
        if code == 0:
            now = {}
        elif code == 1:
            now = now | {"font-weight": "bold"}
        elif code == 2:
            now = now | {"fill": DIM}
        elif code % 60 in COLOURS:
            now = now | {"fill": COLOURS[code % 60]}
        elif code == 39:
            now = {key: value for key, value in now.items() if key != "fill"}
    return now


def drawn(text: str) -> str:
    """Text of a terminal as SVG: each run of letters stands at its column, whatever font there is."""
    lines, now = text.rstrip("\n").expandtabs().split("\n"), {}
    across = max(width(ESCAPE.sub("", line)) for line in lines) * ADVANCE + 2 * MARGIN
    down = len(lines) * LEADING + 2 * MARGIN
    plain = html.escape(ESCAPE.sub("", text))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across:.0f} {down}" width="{across:.0f}" height="{down}"'
        ' role="img" aria-labelledby="title">',
        '<title id="title">Output of v2only scan</title>',
        f"<desc>{plain}</desc>",
        f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>',
        f'<g fill="{INK}" font-size="{SIZE}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, '
        'DejaVu Sans Mono, monospace" xml:space="preserve">',
    ]
    for row, line in enumerate(lines):
        column = 0
        for at, piece in enumerate(ESCAPE.split(line)):
            if at % 2:
                now = style(piece, now)
                continue
            for word in re.finditer(r"\S+(?: \S+)*", piece):
                x = MARGIN + (column + width(piece[: word.start()])) * ADVANCE
                y = MARGIN + (row + 0.8) * LEADING
                length = width(word[0]) * ADVANCE
                attributes = "".join(f' {key}="{value}"' for key, value in now.items())
                parts.append(
                    f'<text x="{x:.1f}" y="{y:.1f}" textLength="{length:.1f}"{attributes}>{html.escape(word[0])}</text>'
                )
            column += width(piece)
    return "\n".join([*parts, "</g>", "</svg>", ""])


def main() -> None:
    target = Path(os.environ.get("CARGO_TARGET_DIR", DOCS.parent / "target"))
    binaries = Path(sys.argv[1] if len(sys.argv) > 1 else target / "debug").absolute()
    prompt = f"\x1b[32m$\x1b[0m v2only {' '.join(COMMAND)}\n"
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn(prompt + scan(binaries)))


if __name__ == "__main__":
    main()
