"""Makes names.json: the public names of the modules of librosa 1.0.0 that the table in the README covers.

    python names.py > names.json
"""

import importlib
import json

import librosa

assert librosa.__version__ == "1.0.0", librosa.__version__
MODULES = ["feature", "feature.inverse", "onset", "beat", "decompose", "segment", "effects", "sequence", "core.constantq",
           "core.spectrum", "core.pitch", "core.harmonic"]


def names(module):
    module = importlib.import_module(f"librosa.{module}")
    public = getattr(module, "__all__", None) or dir(module)
    return sorted(n for n in public if not n.startswith("_") and callable(getattr(module, n)))


print(json.dumps({module: names(module) for module in MODULES}, indent=1))
