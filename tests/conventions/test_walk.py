"""The walk of one input in docs/architecture.md: functions are there, and call what it says."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STEP = re.compile(r"^(\d+)\. `([\w:]+)` in `([\w./]+)` (.*)$", re.M)


def steps():
    """(number, name, file, the call that the step ends with or None), in order."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    walk = text.split("## One input", 1)[1].split("\n## ", 1)[0]
    found = []
    for number, name, file, rest in STEP.findall(walk):
        call = re.search(r"`(\w+)`\.$", rest)
        found.append((int(number), name, file, call and call.group(1)))
    return found


def defines(source: str, name: str) -> bool:
    """Whether the source defines the function or type: outside of its class, or inside of it."""
    owner, _, last = name.rpartition("::")
    if f"struct {last} {{" in source:
        return True
    outside = re.search(rf"\b{re.escape(name)}\([^;{{]*\{{", source)
    inside = owner and re.search(rf"class {owner}\b.*\b{last}\([^;{{]*\{{", source, re.S)
    return bool(outside or inside)


def test_the_walk_is_numbered():
    assert [number for number, *_ in steps()] == list(range(1, len(steps()) + 1))
    assert len(steps()) > 10


@pytest.mark.parametrize("number, name, file, call", steps())
def test_a_step_is_where_the_walk_says_and_calls_what_it_says(number, name, file, call):
    source = (ROOT / file).read_text()
    assert defines(source, name), f"step {number}: {file} defines no {name}"
    if call:
        assert re.search(rf"\b{call}\(", source), f"step {number}: {file} calls no {call}"


def test_a_function_that_is_gone_is_noticed():
    source = "int Thing::work() { return other(); }\nclass Box {\n  void open() { work(); }\n};\n"
    assert defines(source, "Thing::work") and defines(source, "Box::open")
    assert not defines(source, "Thing::other") and not defines(source, "Box::shut")
