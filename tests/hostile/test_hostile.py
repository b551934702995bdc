"""A short run of the hostile models; tests/hostile/hostile_fuzz.py makes longer ones."""

import os
import subprocess
import sys
import time
from pathlib import Path

FUZZER = Path(__file__).with_name("hostile_fuzz.py")


def test_hostile_models_are_run_or_refused():
    seed = os.environ.get("CONVOY_FUZZ_SEED") or str(int(time.time()) // 60)
    command = [sys.executable, FUZZER, "--seed", seed, "--cases", "2000"]
    result = subprocess.run(command, capture_output=True, text=True)
    print(f"CONVOY_FUZZ_SEED={seed}", result.stdout, result.stderr, sep="\n")
    assert result.returncode == 0, result.stdout
    assert " 0 findings" in result.stdout
