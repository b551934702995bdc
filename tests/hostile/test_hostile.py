"""A short run of the hostile models; tests/hostile/hostile_fuzz.py makes longer ones."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("hostile_fuzz.py")


def test_hostile_models_are_run_or_refused(is_full, seed):
    cases = 100000 if is_full else 2000
    command = [sys.executable, SCRIPT, "--seed", str(seed), "--cases", str(cases)]
    result = subprocess.run(command, capture_output=True, text=True)
    print(f"CONVOY_FUZZ_SEED={seed}", result.stdout, result.stderr, sep="\n")
    assert result.returncode == 0, result.stdout
    assert " 0 findings" in result.stdout
