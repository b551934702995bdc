"""What `tools/test -k PATTERN` builds and runs, found in the text of tests/: GoogleTest programs of
folders whose files or tests have PATTERN in their names, and pytest where one of its files,
functions or classes has.

    test_selection.py ROOT PATTERN

Prints words for a shell, a line each: the programs, the filter that they get, and what pytest needs
built, which is empty where it need not run. A pattern that no name has may be one that is made
while tests run: everything is selected then.
"""

import re
import sys
from pathlib import Path

# GoogleTest's macros, and the tree's own that make a suite of a table of cases.
TEST = re.compile(r"^\s*(?:TEST|TEST_F|TEST_P)\(\s*(\w+),\s*(\w+)\s*\)", re.MULTILINE)
SUITE = re.compile(r"^\s*(?:INSTANTIATE_TEST_SUITE_P\(\s*\w+,|CONVOY_OP_CASES\()\s*(\w+),",
                   re.MULTILINE)
PYTHON_NAME = re.compile(r"^\s*(?:def|class)\s+(test\w*)\b", re.MULTILINE | re.IGNORECASE)
PYTEST_NEEDS = ["convoy", "convoy_cli", "convoy_python"]
FUZZERS = ["branch_fuzz", "graph_fuzz", "hostile_fuzz"]


def gtest_names(text: str) -> list[str]:
    """`Suite.Test` of each test in a source, and `Suite.` of each suite that has instances."""
    return [f"{suite}.{name}" for suite, name in TEST.findall(text)] + \
        [f"{suite}." for suite in SUITE.findall(text)]


def select_gtest(tests: Path, pattern: str) -> tuple[list[str], list[str]]:
    """The programs that have tests to run, and the parts of GoogleTest's filter. All tests of a
    file whose path has the pattern run."""
    programs, filters = set(), {f"*{pattern}*": None}
    for path in sorted(tests.glob("*/**/*_test.cc")):
        where = path.relative_to(tests)
        names = gtest_names(path.read_text(encoding="utf-8"))
        if pattern in str(where):
            for name in names:
                suite = name.split(".")[0]
                filters.update({f"{suite}.*": None, f"*/{suite}.*": None})
        elif not any(pattern in name for name in names):
            continue
        programs.add(f"convoy_tests_{where.parts[0]}")
    return sorted(programs), list(filters)


def select_pytest(tests: Path, pattern: str) -> list[str]:
    """What is to be built for the files that pytest -k selects from, whose patterns are words
    joined by `and`, `or` and `not`, in any case."""
    words = re.findall(r"[^\s()]+", pattern.lower())
    wanted = [word for word in words if word not in {"and", "or", "not"}]
    files = []
    for path in sorted(tests.glob("**/test_*.py")):
        text = path.read_text(encoding="utf-8")
        names = " ".join([str(path.relative_to(tests)), *PYTHON_NAME.findall(text)]).lower()
        if "not" in words or any(word in names for word in wanted):
            files.append(text)
    used = [fuzzer for fuzzer in FUZZERS if any(fuzzer in text for text in files)]
    return PYTEST_NEEDS + used if files else []


def select(tests: Path, pattern: str) -> tuple[list[str], list[str], list[str]]:
    programs, filters = select_gtest(tests, pattern)
    needs = select_pytest(tests, pattern)
    if programs or needs:
        return programs, filters, needs
    folders = {path.relative_to(tests).parts[0] for path in tests.glob("*/**/*_test.cc")}
    return sorted(f"convoy_tests_{name}" for name in folders), filters, PYTEST_NEEDS + FUZZERS


def main():
    programs, filters, needs = select(Path(sys.argv[1]) / "tests", sys.argv[2])
    print(" ".join(programs))
    print(":".join(filters))
    print(" ".join(needs))


if __name__ == "__main__":
    main()
