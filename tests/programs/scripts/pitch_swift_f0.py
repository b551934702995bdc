"""Follows the pitch of a voice, at once and as a stream."""

import json

import numpy as np
from made_inputs import speech, tone
from swift_f0 import SwiftF0

detector = SwiftF0(threads=1)
results = {}
for name, wave in (("notes", tone((196.0, 220.0, 330.0), 0.5, 16000)), ("voice", speech(4))):
    whole = detector.detect(wave, 16000, fmin=60, fmax=800)
    stream = detector.stream(fmin=60, fmax=800)
    parts = [stream.push(part, 16000) for part in np.array_split(wave, 7)] + [stream.flush()]
    voiced = whole.confidence >= 0.5
    results[name] = {
        "voiced": int(voiced.sum()),
        "pitch": whole.pitch_hz[voiced].tolist(),
        "confidence": whole.confidence.tolist(),
        "streamed": np.concatenate([part.confidence for part in parts]).tolist(),
    }
print(json.dumps(results))
