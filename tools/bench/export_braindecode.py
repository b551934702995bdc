#!/usr/bin/env python3
"""Networks of braindecode for recordings of the brain, as PyTorch exports them.

    tools/bench/export_braindecode.py FOLDER [NAME...]

22 channels, 4 s at 250 Hz, four classes; NAME.onnx at batch 1 and NAME_b16.onnx, weights as they
are initialized, normalizations after one pass over noise. Without names: the ones below. Files that
are there are left alone. Needs a Python with torch, onnxscript and braindecode; race them with
tools that race models. Names that braindecode does not have, or that cannot be exported, are
reported.
"""

import argparse
import pathlib
import sys
import warnings

import braindecode.models
import torch

_CHANNELS, _TIMES, _RATE, _CLASSES = 22, 1000, 250, 4
_NETWORKS = ("ATCNet", "BDTCN", "CTNet", "Deep4Net", "EEGConformer", "EEGInceptionERP",
             "EEGInceptionMI", "EEGITNet", "EEGNet", "EEGNeX", "EEGSimpleConv", "EEGTCNet",
             "SCCNet", "ShallowFBCSPNet", "SincShallowNet", "TIDNet")


def network(name):
    torch.manual_seed(1)
    model = getattr(braindecode.models, name)(n_chans=_CHANNELS, n_outputs=_CLASSES,
                                              n_times=_TIMES, sfreq=_RATE)
    with torch.no_grad():
        model.train()(torch.randn(16, _CHANNELS, _TIMES))
    return model.eval()


def export(name, batch, path):
    x = torch.randn(batch, _CHANNELS, _TIMES)
    partial = path.with_suffix(".partial")
    torch.onnx.export(network(name), (x,), partial, dynamo=True, external_data=False,
                      input_names=["x"], output_names=["y"], verbose=False)
    partial.rename(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in arguments.names or _NETWORKS:
        for batch in (1, 16):
            path = arguments.folder / (name + (f"_b{batch}" if batch > 1 else "") + ".onnx")
            if path.exists():
                continue
            try:
                export(name, batch, path)
            except Exception as error:  # of whatever kind: the others are wanted all the same
                print(f"{name}: {str(error).splitlines()[0]}", file=sys.stderr)
                failed = True
                break
    return 1 if failed else 0


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    sys.exit(main())
