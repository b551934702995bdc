"""Transcribes a melody to notes."""

import json
import tempfile
from pathlib import Path

import soundfile
from basic_pitch.inference import predict
from made_inputs import tone

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "melody.wav"
    soundfile.write(path, tone((261.63, 329.63, 392.0, 523.25, 440.0), 0.6, 22050), 22050)
    output, _, notes = predict(path)
print(json.dumps({
    "notes": [{"start": float(start), "end": float(end), "pitch": int(pitch),
               "amplitude": float(amplitude)} for start, end, pitch, amplitude, _ in sorted(notes)],
    "rows": {name: list(values.shape) for name, values in output.items()},
    "means": {name: values.mean(axis=0).tolist() for name, values in output.items()},
}))
