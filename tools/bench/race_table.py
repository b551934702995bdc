#!/usr/bin/env python3
"""Turns what race.py --json wrote into a table for docs/performance.md.

  race_table.py RESULTS.json...

Milliseconds are medians; 'x best' is the best peer's median over Convoy's, 'load + first' Convoy's
time from the file to the first answer over ONNX Runtime's.
"""

import json
import math
import os
import sys


def label(path):
    name = os.path.basename(path)
    folder = os.path.basename(os.path.dirname(os.path.abspath(path)))
    return folder if name == "model.onnx" else os.path.splitext(name)[0]


def milliseconds(row, engine):
    result = row.get(engine, {})
    return f"{result['median_ms']:.3f}" if "median_ms" in result else "–"


def start(row, engine):
    return row[engine]["load_ms"] + row[engine]["first_ms"]


def ratios(row):
    best = f"{row['ratio']:.2f}" if "ratio" in row else "outputs differ"
    both = all("load_ms" in row.get(engine, {}) for engine in ("convoy", "ort"))
    return best, f"{start(row, 'convoy') / start(row, 'ort'):.2f}" if both else "–"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    rows = [row for path in sys.argv[1:] for row in json.load(open(path))]
    print("| model | threads | ONNX Runtime | OpenVINO | Convoy | x best | load + first |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        best, first = ratios(row)
        times = " | ".join(milliseconds(row, engine) for engine in ("ort", "openvino", "convoy"))
        print(f"| {label(row['model'])} | {row['threads']} | {times} | {best} | {first} |")
    known = [row["ratio"] for row in rows if "ratio" in row]
    if known:
        mean = math.exp(sum(math.log(ratio) for ratio in known) / len(known))
        print(f"\nGeometric mean of 'x best': {mean:.2f} over {len(known)} models.")


if __name__ == "__main__":
    main()
