"""Adds up what tools/test left in a results folder and prints the closing line.

A runner that died without a report, or that failed for a reason which is no test's, counts as one
failure.
"""

import json
import re
import sys
import xml.etree.ElementTree
from collections import Counter
from pathlib import Path

PYTEST_NO_TESTS = 5


def gtest_counts(results: Path, program: str) -> Counter:
    report = results / f"{program}.json"
    log_file = results / f"{program}.log"
    counts = Counter()
    if report.exists():
        for suite in json.loads(report.read_text())["testsuites"]:
            for test in suite["testsuite"]:
                if "failures" in test:
                    counts["failed"] += 1
                elif test["result"] == "SKIPPED":
                    counts["skipped"] += 1
                elif test["status"] == "RUN":
                    counts["passed"] += 1
    elif log_file.exists():
        log = log_file.read_text(errors="replace")
        counts["passed"] = len(re.findall(r"^\[       OK \]", log, re.MULTILINE))
        counts["skipped"] = len(re.findall(r"^\[  SKIPPED \]", log, re.MULTILINE))
        started = re.findall(r"^\[ RUN      \] (\S+)", log, re.MULTILINE)
        counts["failed"] = len(started) - counts["passed"] - counts["skipped"]
        last = started[-1] if started else "its start"
        print(f"{program} died in {last}; later tests did not run")
    return counts


def pytest_counts(results: Path) -> Counter:
    report = results / "pytest.xml"
    counts = Counter()
    if report.exists():
        for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
            outcomes = {child.tag for child in case}
            if outcomes & {"failure", "error"}:
                counts["failed"] += 1
            elif "skipped" in outcomes:
                counts["skipped"] += 1
            else:
                counts["passed"] += 1
    return counts


def runner_counts(results: Path, runner: str) -> Counter:
    counts = pytest_counts(results) if runner == "pytest" else gtest_counts(results, runner)
    status = int((results / f"{runner}.status").read_text())
    if runner == "pytest" and status == PYTEST_NO_TESTS:
        status = 0
    if status != 0 and counts["failed"] == 0:
        print(f"{runner} ended with exit status {status} without naming a failed test")
        counts["failed"] += 1
    return counts


def main() -> int:
    results = Path(sys.argv[1])
    total = Counter()
    for status_file in sorted(results.glob("*.status")):
        total += runner_counts(results, status_file.stem)
    if not sum(total.values()):
        print("no test ran")
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    print(f"{total['passed']} passed, {total['failed']} failed{skipped}")
    return 1 if total["failed"] or not sum(total.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
