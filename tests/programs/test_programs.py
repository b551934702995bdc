"""Programs from PyPI, unchanged, give with Convoy what they give with onnxruntime.

Each script in scripts/ uses a package as a person would and prints its result as JSON. It runs in
the Python that CONVOY_PROGRAMS names, or in .venv-programs, which is made from
requirements-programs.txt: once plainly and once under `python -m convoy.as_onnxruntime`. Three of
them, by seed, run when CONVOY_TEST_FULL is not set. Those that import torch run with the one in
.venv-torch.
"""

import importlib.util
import json
import math
import os
import random
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).resolve().parent / "scripts"
SHARE = 3
SEED = int(os.environ.get("CONVOY_FUZZ_SEED", int(time.time()) // 60))

# Each script, the modules it imports, and how far its numbers may be from onnxruntime's. More for
# int8: onnxruntime's sums of pairs of products saturate on processors without VNNI. More for
# magika and the detector of text: they subtract or add up large numbers, and onnxruntime sums in
# float32, one after the other.
PROGRAMS = {
    "detector_nudenet": ("nudenet", 1e-4),
    "marks_text2tashkeel": ("text2tashkeel", 1e-4),
    "notes_basic_pitch": ("basic_pitch", 1e-4),
    "ocr_ddddocr": ("ddddocr", 1e-4),
    "ocr_rapidocr": ("rapidocr", 1e-3),
    "ocr_rapidocr_onnxruntime": ("rapidocr_onnxruntime", 1e-3),
    "pitch_swift_f0": ("swift_f0", 1e-4),
    "types_magika": ("magika", 1e-3),
    "vad_faster_whisper": ("faster_whisper", 1e-4),
    "vad_silero_vad": ("silero_vad torch", 1e-4),
    "voice_open_voicefilter_lite": ("voicefilter_lite", 1e-2),
}
PIXEL = 1.0  # what may lie between corners of boxes, which programs round to whole pixels


def programs_python():
    """The Python with the programs; the test skips where there is none."""
    named = os.environ.get("CONVOY_PROGRAMS")
    python = Path(named) if named else ROOT / ".venv-programs/bin/python"
    if not python.exists():
        pytest.skip(f"{python} is not there: CONVOY_PROGRAMS names the Python with the programs")
    return python


def need(python, modules):
    """Skips, naming the module, where the command has not all of these and onnxruntime."""
    for module in ["onnxruntime", "numpy", "scipy", "PIL", *modules.split()]:
        look = f"import importlib.util, sys; sys.exit(not importlib.util.find_spec({module!r}))"
        if subprocess.run([*python, "-c", look], check=False).returncode != 0:
            pytest.skip(f"{python[-1]} has no {module}")


def printed(python, arguments, more):
    """What the program's last line says."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"HF_HUB_OFFLINE": "1", **more}  # what is not in the packages is not there
    done = subprocess.run([*python, *arguments], cwd=SCRIPTS, env=environment,
                          capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stderr[-3000:]}"
    return json.loads(done.stdout.strip().splitlines()[-1])


def difference(theirs, ours, tolerance, place="result"):
    """The first place where two results differ and how; nothing where they are the same."""
    if isinstance(theirs, float) and isinstance(ours, float):
        near = math.isclose(theirs, ours, rel_tol=tolerance, abs_tol=tolerance)
        return "" if near or theirs != theirs and ours != ours else f"{place}: {theirs} is {ours}"
    if type(theirs) is not type(ours):
        return f"{place}: {theirs!r} is {ours!r}"
    if isinstance(theirs, dict):
        if list(theirs) != list(ours):
            return f"{place}: {list(theirs)} are {list(ours)}"
        for key in theirs:
            found = (box_difference if key == "boxes" else difference)(
                theirs[key], ours[key], tolerance, f"{place}.{key}")
            if found:
                return found
        return ""
    if isinstance(theirs, list):
        if len(theirs) != len(ours):
            return f"{place}: {len(theirs)} entries are {len(ours)}"
        pairs = enumerate(zip(theirs, ours))
        found = (difference(a, b, tolerance, f"{place}[{index}]") for index, (a, b) in pairs)
        return next((one for one in found if one), "")
    return "" if theirs == ours else f"{place}: {theirs!r} is {ours!r}"


def box_difference(theirs, ours, _, place):
    """The same for corners of boxes, which may be a pixel apart."""
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        found = (box_difference(a, b, _, place) for a, b in zip(theirs, ours))
        return next((one for one in found if one), "")
    if isinstance(theirs, (int, float)) and isinstance(ours, (int, float)):
        return "" if abs(theirs - ours) <= PIXEL else f"{place}: {theirs} is {ours}"
    return f"{place}: {theirs!r} is {ours!r}"


def chosen():
    """The programs that this run has."""
    if os.environ.get("CONVOY_TEST_FULL"):
        return list(PROGRAMS)
    return random.Random(SEED).sample(sorted(PROGRAMS), SHARE)


@pytest.mark.parametrize("name", chosen())
def test_program_gives_what_it_gives_with_onnxruntime(name, request):
    modules, tolerance = PROGRAMS[name]
    python = [programs_python()]
    if "torch" in modules.split():
        python.insert(0, request.getfixturevalue("with_torch"))
    need(python, modules)
    script = f"{name}.py"
    theirs = printed(python, [script], {})
    assert theirs, "an empty answer would compare equal to any other"
    package = Path(importlib.util.find_spec("convoy").origin).parent.parent
    ours = printed(python, ["-m", "convoy.as_onnxruntime", script], {"PYTHONPATH": str(package)})
    assert difference(theirs, ours, tolerance) == "", f"seed {SEED}"


def test_every_script_is_run():
    assert {path.stem for path in SCRIPTS.glob("*_*.py")} - {"made_inputs"} == PROGRAMS.keys()


@pytest.mark.parametrize("theirs, ours", [
    ({"text": "a"}, {"text": "b"}), ([1, 2], [1]), ({"boxes": [[1, 2]]}, {"boxes": [[1, 3.5]]}),
    ([0.5], [0.51]), ([1], [2]), ([None], [0.0]), ({"a": [float("nan")]}, {"a": [1.0]})])
def test_comparing_sees_differences(theirs, ours):
    assert difference(theirs, ours, 1e-3) != ""
    assert difference(theirs, theirs, 1e-3) == ""
