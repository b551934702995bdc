"""Reads captchas with the old and the new network, and finds where text stands in an image."""

import io
import json

import ddddocr
from made_inputs import captcha, page


def png(image):
    data = io.BytesIO()
    image.save(data, "png")
    return data.getvalue()


TEXTS = ("a7Kp", "Q3x9", "mn2R", "HJ8t")

results = {}
for name, options in (("plain", {}), ("old", {"old": True}), ("beta", {"beta": True})):
    reader = ddddocr.DdddOcr(show_ad=False, **options)
    results[name] = [reader.classification(png(captcha(text))) for text in TEXTS]
finder = ddddocr.DdddOcr(det=True, show_ad=False)
results["boxes"] = [finder.detection(png(image)) for image in
                    (page(["one two", "three"], (300, 150)), captcha(TEXTS[0]))]
print(json.dumps(results))
