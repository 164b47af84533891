"""Reads the report that pytest wrote: `junit.py counts FILE` or `junit.py skips FILE`. Standard library only."""

import sys
import xml.etree.ElementTree as ElementTree


def main() -> None:
    what, path = sys.argv[1:]
    cases = ElementTree.parse(path).getroot().findall(".//testcase")
    skips = [case for case in cases if case.find("skipped") is not None]
    bad = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    if what == "counts":
        # A test may fail and then fail again while it is cleaned up: it is one test, and it did not pass.
        names = {(case.get("classname"), case.get("name")) for case in cases}
        failed = {(case.get("classname"), case.get("name")) for case in bad}
        left_out = {(case.get("classname"), case.get("name")) for case in skips} - failed
        print(len(names) - len(failed) - len(left_out), len(failed), len(left_out))
    else:
        for case in skips:
            reason = case.find("skipped").get("message", "").splitlines()
            print(f"{case.get('classname')}::{case.get('name')}: {reason[0] if reason else 'no reason given'}")


if __name__ == "__main__":
    main()
