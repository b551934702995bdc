"""Runs ONNX's backend cases and prints how many pass of each kind.

--write updates expected_failures.txt. Cases whose outputs are random draws count as failing.
"""

import argparse
import pathlib
import sys
import unittest

import onnx_cases


class _Names(unittest.TestResult):
    """Collects the ids of cases by outcome."""

    def __init__(self):
        super().__init__()
        self.passed, self.reasons = set(), {}

    def addSuccess(self, test):
        self.passed.add(test.id().rsplit(".", 1)[1])

    def _note(self, test, error):
        self.reasons[test.id().rsplit(".", 1)[1]] = str(error).strip().splitlines()[-1][:200]

    def addFailure(self, test, err):
        self._note(test, err[1])

    addError = addFailure

    def addSkip(self, test, reason):
        self._note(test, f"skipped: {reason}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--reasons", action="store_true", help="print why each failing case fails")
    args = parser.parse_args()
    cases, failing = onnx_cases.load_cases(__name__), []
    for kind in onnx_cases.KINDS:
        case_class = cases.test_case(kind)
        names = [name for name in vars(case_class) if name.endswith("_cpu")]
        result = _Names()
        unittest.TestSuite(case_class(name) for name in names).run(result)
        drawn = {name for name in names if name.removesuffix("_cpu") in onnx_cases.RANDOM}
        passed = result.passed - drawn
        print(f"{kind}: {len(passed)} of {len(names)} pass", flush=True)
        failing += sorted(name.removesuffix("_cpu") for name in set(names) - passed)
        if args.reasons:
            for name, reason in sorted(result.reasons.items()):
                print(f"  {name}: {reason}")
    if args.write:
        text = "# ONNX's backend cases that Convoy does not pass; made by count.py --write.\n"
        pathlib.Path(__file__).with_name("expected_failures.txt").write_text(
            text + "\n".join(failing) + "\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
