"""The HTML report of an organization in the embedded AWS, opened in Chromium: at a phone's width and a desk's, in light
and dark, with and without its script, and compared with the JSON of the same estate.
"""

import base64
import hashlib
import html.parser
import json
import os
import re
import subprocess
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import servers
from browser_tools import browser  # noqa: F401, a fixture
from clients import client

HOME, SHOP, LAB = "111122223333", "444455556666", "777788889999"
REGIONS = ["eu-central-1", "us-east-1"]
ROLE = "v2only-member"
V1_IMAGE = "ami-0a1b2c3d4e5f60002"
NASTY = "</td><script>alert('x')</script><img src=x onerror=alert(1)>\" onmouseover=\"alert(2)"
TODAY = datetime.now(UTC).date()
POLICY = f"""
version: 1
mode: enforce
instances: {{ hop_limit: {{ max: 2 }}, usage_gate: {{ applies_to: all }} }}
account_defaults: {{ http_tokens: required }}
exemptions:
  - match: {{ tag: {{ key: app, value: billing }} }}
    reason: vendor agent speaks only version 1, contract ends in summer
    owner: billing@example.com
    until: {TODAY + timedelta(days=90)}
  - match: {{ tag: {{ key: app, value: crm }} }}
    reason: waits for release 7
    owner: crm@example.com
    until: {TODAY + timedelta(days=9)}
  - match: {{ tag: {{ key: app, value: wiki }} }}
    reason: was to be rebuilt
    owner: wiki@example.com
    until: {TODAY - timedelta(days=20)}
"""


def control(url, path, **order):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    data = json.dumps(order).encode()
    direct.open(urllib.request.Request(f"{url}/_sandbox/{path}", data, method="POST")).close()


def launch(ec2, number=1, tokens="optional", template=None, **tags):
    source = {"LaunchTemplate": {"LaunchTemplateId": template}} if template else {"ImageId": V1_IMAGE}
    options = {} if template else {"MetadataOptions": {"HttpTokens": tokens, "HttpPutResponseHopLimit": 1}}
    marks = [{"Key": key, "Value": value} for key, value in tags.items()]
    specification = [{"ResourceType": "instance", "Tags": marks}] if marks else []
    launched = ec2.run_instances(
        MinCount=number,
        MaxCount=number,
        InstanceType="t3.micro",
        TagSpecifications=specification,
        **source,
        **options,
    )
    return [it["InstanceId"] for it in launched["Instances"]]


def template(ec2, name):
    data = {"ImageId": V1_IMAGE, "MetadataOptions": {"HttpTokens": "optional"}}
    made = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    return made["LaunchTemplate"]["LaunchTemplateId"]


def fill(url):
    """Accounts as they are after ten years."""
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=15)
    calls = []

    def counted(account, region, ids, daily):
        calls.extend((account, region, instance, daily) for instance in ids)

    for account, region, web, batch in [
        (HOME, REGIONS[0], 9, 4),
        (SHOP, REGIONS[0], 14, 0),
        (SHOP, REGIONS[1], 2, 3),
        (LAB, REGIONS[0], 1, 0),
    ]:
        ec2 = client(url, "ec2", account, region)
        ids = launch(ec2, web, template=template(ec2, "web"), Name="web")
        counted(account, region, ids[::2], 0)
        counted(account, region, ids[1:2], 310)
        if batch:
            counted(account, region, launch(ec2, batch, template=template(ec2, "batch"), Name="nightly-batch"), 42)
    ec2 = client(url, "ec2", HOME, REGIONS[0])
    launch(ec2, 2, app="billing", Name="billing")
    launch(ec2, app="crm", Name="crm")
    launch(ec2, app="wiki", Name="wiki")
    launch(ec2, Name=NASTY, **{"v2only:exempt-until": "soon", "v2only:exempt-reason": NASTY})
    launch(ec2, 3, tokens="required")
    ec2.modify_instance_metadata_defaults(HttpTokens="required")
    ec2.register_image(Name="golden", RootDeviceName="/dev/xvda", Architecture="x86_64", VirtualizationType="hvm")
    control(url, "notebooks", account=SHOP, region=REGIONS[0], name="training", status="Stopped", minimum_version="1")
    control(url, "notebooks", account=SHOP, region=REGIONS[0], name="forecast", minimum_version="1")
    for account, region, instance, daily in calls:
        control(
            url,
            "metric-data",
            account=account,
            region=region,
            instance_id=instance,
            metric="MetadataNoToken",
            start=start.isoformat(),
            every_seconds=24 * 60 * 60,
            values=[daily] * 16,
        )
    control(
        url,
        "inject",
        account=LAB,
        region=REGIONS[1],
        service="ec2",
        action="DescribeInstances",
        effect="error-before",
        status=403,
        code="UnauthorizedOperation",
        message=f"You are not authorized to perform this operation. {NASTY}",
    )


class Report:
    """A report and the JSON of the same estate."""

    def __init__(self, folder: Path, run):
        self.folder, self.run = folder, run
        self.json = json.loads(run("json"))
        for name, days, drop in [("a", 84, 0), ("b", 56, 0), ("c", 28, 6)]:
            earlier = dict(self.json, time=(datetime.now(UTC) - timedelta(days=days)).isoformat())
            instances = [it for it in self.json["findings"] if it["kind"] == "instance"]
            earlier["findings"] = (self.json["findings"] + instances)[: 2 * len(instances) - drop - days // 4 * -1]
            earlier["incomplete"] = self.json["incomplete"] if name == "b" else []
            (folder / f"{name}.json").write_text(json.dumps(earlier))
        self.text = run("html", "--earlier", "a.json", "b.json", "c.json")
        self.file = folder / "report.html"
        self.file.write_text(self.text)


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    (folder / "policy.yaml").write_text(POLICY)
    members = [word for account in (SHOP, LAB) for word in ("--member", account)]
    program = Path(os.environ["V2ONLY_SANDBOX_BIN"])
    with servers.sandbox(program, folder / "sandbox", *members, "--member-role", ROLE) as url:
        fill(url)

        def run(output, *more):
            where = ["--org", "--role-name", ROLE, *(word for it in REGIONS for word in ("--region", it))]
            arguments = ["scan", "--policy", "policy.yaml", *where, "--output", output, *more]
            command = servers.v2only(url, HOME, arguments)
            ran = subprocess.run(**command, cwd=folder, capture_output=True, timeout=300, check=False)
            assert ran.returncode == 3, ran.stderr
            return ran.stdout

        yield Report(folder, run)


WIDTHS = [360, 1280]
SCHEMES = ["light", "dark"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_fits_writes_nothing_to_the_console_and_is_accessible(browser, report, width, scheme):  # noqa: F811
    picture = report.folder / f"{width}-{scheme}.png"
    seen = browser.look(report.file, width, scheme, screenshot=str(picture))
    assert picture.stat().st_size > 10_000
    assert seen["overflow"] == 0
    assert seen["console"] == []
    assert seen["requests"] == [report.file.as_uri()], "nothing is asked for but the page itself"
    assert seen["violations"] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_on_paper_nothing_is_cut_off(browser, report, width):  # noqa: F811
    assert browser.look(report.file, width, media="print")["overflow"] == 0


def test_everything_is_there_without_the_script(browser, report):  # noqa: F811
    ask = "document.querySelector('main').innerText"
    without = browser.look(report.file, 1280, script=False, ask=ask)["answer"]
    with_it = browser.look(report.file, 1280, ask=ask)["answer"]
    for id in [it["id"] for it in report.json["findings"] if it["verdict"] == "violation"]:
        assert id in without and id in with_it


def answers_version_1(finding):
    is_ = finding["before"]
    if finding["kind"] == "instance":
        return is_["http_tokens"] != "required" and is_["http_endpoint"] != "disabled"
    return finding["kind"] == "notebook" and is_["minimum_version"] != "2"


def test_the_numbers_are_those_of_the_json(browser, report):  # noqa: F811
    ask = """({
        figures: Object.fromEntries([...document.querySelectorAll('data')].map((it) => [it.id, Number(it.value)])),
        headline: document.querySelector('h1').textContent,
        rows: document.querySelectorAll('#findings tbody tr').length,
        where: [...document.querySelectorAll('#where tbody tr')].map((row) => [...row.cells].map((it) => it.innerText)),
        causes: [...document.querySelectorAll('#causes tbody tr')].map((row) => Number(row.querySelector('[data-label=Instances]').textContent)),
    })"""
    page = browser.look(report.file, 1280, ask=ask)["answer"]
    findings, totals = report.json["findings"], report.json["totals"]
    open_ = [it for it in findings if answers_version_1(it)]
    assert page["figures"] == {
        "n-version-1": len(open_),
        "n-violations": totals["violations"],
        "n-would-change": totals["would_change"],
        "n-gate": totals["held"]["usage-gate"],
        "n-exempt": totals["exempt"],
        "n-unread": len(report.json["incomplete"]),
    }
    assert page["figures"]["n-gate"] > 0 and page["figures"]["n-would-change"] > 0
    instances = sum(it["kind"] == "instance" for it in open_)
    notebooks = sum(it["kind"] == "notebook" for it in open_)
    assert page["headline"] == f"At least {instances} instances and {notebooks} notebooks still answer IMDSv1"
    assert page["rows"] == totals["violations"]
    by_place = {(row[0], row[1]): int(row[2]) for row in page["where"]}
    for (account, region), number in by_place.items():
        # `payments (111122223333)`, or the id alone.
        account = account.removesuffix(")").rpartition("(")[2]
        assert number == sum((it["account"], it["region"]) == (account, region) for it in open_)
    assert sum(by_place.values()) == len(open_)
    traced = sum("cause" in it and it["verdict"] == "violation" for it in findings)
    assert sum(page["causes"]) == traced and page["causes"] == sorted(page["causes"], reverse=True)


def test_what_could_not_be_read_is_never_hidden(browser, report):  # noqa: F811
    ask = "[document.querySelector('#incomplete').innerText, document.querySelector('#unread').innerText]"
    banner, section = browser.look(report.file, 360, ask=ask)["answer"]
    assert "This report is incomplete. 1 of 6 Regions" in banner
    assert f"{LAB} {REGIONS[1]}" in section and "UnauthorizedOperation" in section


def test_nothing_that_aws_says_becomes_markup(browser, report):  # noqa: F811
    ask = """[document.querySelectorAll('img, script[src], [onmouseover], [onerror]').length,
        document.querySelectorAll('script').length, document.body.innerText.includes("<script>alert('x')</script>")]"""
    assert browser.look(report.file, 1280, ask=ask)["answer"] == [0, 1, True]


def test_rows_are_sorted_and_filtered(browser, report):  # noqa: F811
    ask = """(() => {
        const table = document.querySelector('#findings'), head = table.tHead.rows[0].cells[1];
        const ids = () => [...table.tBodies[0].rows].filter((it) => !it.hidden).map((it) => it.cells[1].textContent);
        head.querySelector('button').click();
        const up = ids(), sortedUp = head.ariaSort;
        head.querySelector('button').click();
        const down = ids(), sortedDown = head.ariaSort;
        const input = document.querySelector('#findings-filter');
        input.value = 'training';
        input.dispatchEvent(new Event('input'));
        return { up, down, sortedUp, sortedDown, left: ids().length, told: document.querySelector('output').textContent };
    })()"""
    page = browser.look(report.file, 1280, ask=ask)["answer"]
    assert (page["sortedUp"], page["sortedDown"]) == ("ascending", "descending")
    assert page["up"] == sorted(page["up"]) and page["down"] == sorted(page["down"], reverse=True)
    assert (page["left"], page["told"]) == (1, f"1 of {len(page['up'])}")


class Structure(html.parser.HTMLParser):
    """What a screen reader goes by. Needs no browser."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.headings = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))


def test_a_screen_reader_finds_its_way(report):
    page = Structure(report.text)
    names = [tag for tag, _ in page.tags]
    assert names.count("h1") == 1 and {"header", "nav", "main", "footer"} <= set(names)
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:])), page.headings
    assert names.count("table") == names.count("caption") > 5
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    images = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert images and all(it.get("aria-hidden") == "true" or "aria-labelledby" in it for it in images)


def test_the_content_policy_allows_this_style_and_this_script_and_nothing_else(report):
    def named(tag):
        body = re.search(rf"<{tag}>(.*?)</{tag}>", report.text, re.DOTALL).group(1)
        return "sha256-" + base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()

    policy = next(it["content"] for tag, it in Structure(report.text).tags if it.get("http-equiv"))
    assert policy == (
        f"default-src 'none'; style-src '{named('style')}'; script-src '{named('script')}'; "
        "base-uri 'none'; form-action 'none'"
    )
