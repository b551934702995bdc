"""Tells the types of files' contents, one by one and many at once."""

import json
import tempfile
from pathlib import Path

import magika

TEXTS = {
    "python": "import os\n\n\ndef main(arguments):\n    for name in arguments:\n"
              "        print(os.stat(name))\n",
    "c": "#include <stdio.h>\n\nint main(void) {\n  printf(\"%d\\n\", 42);\n  return 0;\n}\n" * 3,
    "json": json.dumps({"name": "convoy", "sizes": list(range(40)), "nested": [{"a": None}]}),
    "html": "<!DOCTYPE html><html><head><title>t</title></head>"
            "<body><p>Some text</p></body></html>\n",
    "csv": "time,value,unit\n" + "".join(f"{i},{i * i},m\n" for i in range(50)),
    "prose": "It was a bright day, and nobody had anything to do but to walk along the river. " * 6,
    "shell": "#!/bin/sh\nset -eu\nfor f in *.txt; do\n  mv \"$f\" \"${f%.txt}.bak\"\ndone\n" * 3,
    "short": "ab",
}

reader = magika.Magika()
results = {name: reader.identify_bytes(text.encode()) for name, text in TEXTS.items()}
results["zeros"] = reader.identify_bytes(bytes(3000))
results["png"] = reader.identify_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 10)
with tempfile.TemporaryDirectory() as folder:
    paths = [Path(folder) / name for name in TEXTS]
    for path in paths:
        path.write_text(TEXTS[path.name], encoding="utf-8")
    results |= {f"{path.name} as a file": result
                for path, result in zip(paths, reader.identify_paths(paths))}
print(json.dumps({name: [str(result.output.label), str(result.dl.label), float(result.score)]
                  for name, result in results.items()}))
