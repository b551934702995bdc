"""Finds where somebody speaks, with the network that comes with the package."""

import json

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps, get_vad_model
from made_inputs import talk

wave = talk()
options = VadOptions(min_silence_duration_ms=300, speech_pad_ms=50)
whole = wave[:wave.size // 512 * 512]
print(json.dumps({
    "segments": get_speech_timestamps(wave, options),
    "probabilities": np.asarray(get_vad_model()(whole)).reshape(-1).tolist(),
}))
