"""Files of published weights, made from the names and the formula of
tests/oracles/make_weight_oracles.py, and what nets compute with them."""
import json
import math
import struct
import sys
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "oracles"))
from oracle_values import values  # noqa: E402

STORED = TESTS / "data" / "oracles" / "weights"


class Oracle:
    def __init__(self, name):
        results, *lines = (STORED / f"{name}.txt").read_text().splitlines()
        self.norm, self.projection, *self.first = map(float, results.split())
        self.shapes = {key: tuple(map(int, dims)) for key, *dims in map(str.split, lines)}

    def arrays(self):
        return {name: tensor(name, shape) for name, shape in self.shapes.items()}

    def differences(self, scores):
        """Of the first scores, the norm, and the product with "probe", by the largest score."""
        scores = scores.astype(np.float64)
        found = [np.linalg.norm(scores), scores @ values("probe", scores.shape, 1.0), *scores[:20]]
        wanted = [self.norm, self.projection, *self.first]
        return np.abs(np.subtract(found, wanted)).max() / np.abs(scores).max()


def tensor(name, shape):
    if name.endswith("running_var") or (len(shape) == 1 and name.endswith(("weight", "scale"))):
        return 1 + values(name, shape, 0.5)
    if any(kind in name for kind in ("token", "pos_embed", "position_embeddings", "cls")):
        return values(name, shape, 1.0)
    if len(shape) == 1 or name.endswith("bias"):
        return values(name, shape, 0.25)
    if name.endswith("kernel"):   # Flax: outputs last; of attention's they are two axes
        outputs = shape[1:] if name.split("/")[-2] in ("query", "key", "value") else shape[-1:]
        return values(name, shape, math.sqrt(3 / (math.prod(shape) // math.prod(outputs))))
    return values(name, shape, math.sqrt(3 / math.prod(shape[1:])))


def image(size):
    """1 x 3 x size x size, of 8 x 8 squares."""
    x = values("image", (1, 3, 8, 8), math.sqrt(3))
    return x.repeat(size // 8, axis=2).repeat(size // 8, axis=3)


NAMES = {"float32": "F32", "float16": "F16", "float64": "F64", "int64": "I64", "uint16": "BF16"}


def write_safetensors(path, arrays):
    """An array of uint16 is written as the bits of bfloat16."""
    header, at = {}, 0
    for name, array in arrays.items():
        header[name] = {"dtype": NAMES[array.dtype.name], "shape": array.shape,
                        "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text +
                     b"".join(array.tobytes() for array in arrays.values()))


def read_safetensors(path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    return {name: np.frombuffer(data[8 + length + entry["data_offsets"][0]:
                                     8 + length + entry["data_offsets"][1]],
                                "<f4").reshape(entry["shape"])
            for name, entry in header.items() if name != "__metadata__"}
