"""Puts the vowel marks into Arabic sentences, with every network that comes with the package."""

import json

from text2tashkeel import Diacritizer, available_models

SENTENCES = (
    "بسم الله الرحمن الرحيم",
    "ذهب الولد الى المدرسة في الصباح",
    "العلم نور والجهل ظلام",
    "قرأت كتابا مفيدا عن تاريخ المدينة القديمة ثم كتبت عنه مقالة طويلة",
    "كتب",
)

print(json.dumps({name: [Diacritizer(name).diacritize(sentence) for sentence in SENTENCES]
                  for name in sorted(available_models(bundled_only=True))}))
