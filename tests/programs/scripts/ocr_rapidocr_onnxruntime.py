"""Reads a page; its lines are recognized in batches of six."""

import json

import numpy as np
from made_inputs import page
from rapidocr_onnxruntime import RapidOCR

LINES = ["Convolution", "quick_brown", "13-dogs", "a", "Total:99.50", "runtime", "HELLO", "batches"]

reader = RapidOCR()
results = []
for lines, size in ((LINES, (480, 540)), (LINES[:3], (360, 240))):
    found, _ = reader(np.asarray(page(lines, size, 36)))
    results.append([{"text": text, "score": float(score), "boxes": np.asarray(box).tolist()}
                    for box, text, score in found])
print(json.dumps(results))
