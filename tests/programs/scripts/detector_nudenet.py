"""Detects in drawn images, alone and in batches, and looks at the network's own scores."""

import json

import numpy as np
from made_inputs import scene
from nudenet import NudeDetector

detector = NudeDetector()
images = [np.asarray(scene(seed, size))[:, :, ::-1].copy()
          for seed, size in ((0, (320, 320)), (1, (480, 360)), (2, (300, 500)))]
found = [detector.detect(images[0])] + detector.detect_batch(images, batch_size=3)
planes = np.stack([np.asarray(scene(seed, (320, 320)), np.float32) / 255 for seed in (3, 4)])
[scores] = detector.onnx_session.run(None, {detector.input_name: planes.transpose(0, 3, 1, 2)})
print(json.dumps({
    "found": [[{"class": one["class"], "score": one["score"], "boxes": one["box"]} for one in image]
              for image in found],
    "shape": list(scores.shape),
    "highest": scores[:, 4:].max(axis=2).tolist(),
    "boxes": scores[:, :4].mean(axis=2).tolist(),
}))
