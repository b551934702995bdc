"""Finds where somebody speaks, streaming, with both networks, and at a batch of three."""

import json

import torch
from made_inputs import talk
from silero_vad import get_speech_timestamps, load_silero_vad

wave = torch.from_numpy(talk())
results = {}
for opset in (16, 15):
    model = load_silero_vad(onnx=True, opset_version=opset)
    results[f"segments {opset}"] = get_speech_timestamps(wave, model)
    model.reset_states()
    results[f"chunks {opset}"] = model.audio_forward(wave[None], 16000).reshape(-1).tolist()
    model.reset_states()
    rows = torch.stack([wave[start:start + 4096] for start in (0, 20000, 52000)])
    results[f"batch {opset}"] = model.audio_forward(rows, 16000).tolist()
model = load_silero_vad(onnx=True)
results["segments 8000"] = get_speech_timestamps(wave[::2], model, sampling_rate=8000)
print(json.dumps(results))
