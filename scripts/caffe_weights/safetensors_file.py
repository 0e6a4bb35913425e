"""The safetensors format: eight bytes with the length of a JSON header, the header - by name:
number type, shape, and first and last byte behind the header - and the numbers."""
import json
import math
import struct

from .tensor import Tensor, WeightsError, item_size, numbers, shape_text

LONGEST_HEADER = 100_000_000
# Safetensors have no mark of their own: what is of no other format is read as them.
NO_FORMAT = "it is of none of the formats that are read - .pth, .safetensors, .npz - or damaged"
TYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64",
         "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool"}


def read_safetensors(path):
    """Tensors by name, in the order of the header."""
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length > min(size - 8, LONGEST_HEADER):
            raise WeightsError(f"{NO_FORMAT}: as safetensors its header would be longer than it")
        header = _header(file.read(length))
    numbers_at = 8 + length
    return {name: _tensor(path, numbers_at, size - numbers_at, name, entry)
            for name, entry in header.items() if name != "__metadata__"}


def _header(text):
    try:
        header = json.loads(text)
    except ValueError as error:
        raise WeightsError(f"{NO_FORMAT}: no header of safetensors ({error})") from None
    if not isinstance(header, dict):
        raise WeightsError("it is damaged: its header lists no tensors")
    return header


def _tensor(path, start, size, name, entry):
    """`start` is the place of the numbers in the file, `size` their bytes."""
    try:
        kind, shape, (first, last) = entry["dtype"], entry["shape"], entry["data_offsets"]
        good = all(isinstance(n, int) and n >= 0 for n in (*shape, first, last))
    except (TypeError, KeyError, ValueError):
        good = False
    if not good:
        raise WeightsError(f"it is damaged: the header says of '{name}': {json.dumps(entry)[:200]}")
    if kind not in TYPES:
        raise WeightsError(f"'{name}' is of the number type {kind}; read are {', '.join(TYPES)}")
    dtype = TYPES[kind]
    if last - first != math.prod(shape) * item_size(dtype) or last > size:
        raise WeightsError(f"it is damaged: '{name}' ({kind}, {shape_text(shape)}) is said to lie "
                           f"in bytes {first} to {last} of {size}")

    def read():
        with open(path, "rb") as file:
            file.seek(start + first)
            return numbers(file.read(last - first), dtype).reshape(shape)
    return Tensor(tuple(shape), dtype, read)


def write_safetensors(file, arrays):
    """Writes float32 arrays by name into an open file."""
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, array in arrays.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape),
                        "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)) + text)
    for array in arrays.values():
        file.write(array.astype("<f4", copy=False).tobytes())
