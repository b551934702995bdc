"""Runs the model that the command line names as it is and optimized, and prints what happened."""

import json
import sys

import numpy as np

import convoy

model = sys.argv[1]
session = convoy.InferenceSession(model)
x = np.random.default_rng(0).standard_normal((32, 15, 10, 100)).astype("float32")
[y] = session.run(None, {"x": x})
better, report = convoy.optimize(model)
[z] = convoy.InferenceSession(better).run(None, {"x": x})
maps = open("/proc/self/maps").read().split()
print(json.dumps({"same": bool(np.abs(y - z).max() < 1e-4), "finite": bool(np.isfinite(y).all()),
                  "libraries": sorted({part for part in maps if ".so" in part}),
                  "from": convoy.__file__, "version": convoy.__version__}))
