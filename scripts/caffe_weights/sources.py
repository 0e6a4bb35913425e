"""Opens a file of weights, whatever its format."""
import math
import re
import tokenize
import zipfile
from typing import NamedTuple

import numpy as np

from . import pth_file
from .safetensors_file import read_safetensors
from .tensor import DAMAGE, Tensor, WeightsError, check_members, numbers, shape_text

# Where training programs keep the state dict among other things; the average of the weights first,
# as it is what they test with.
WRAPPERS = ("model_ema", "state_dict_ema", "state_dict", "model_state_dict", "model")


class Source(NamedTuple):
    tensors: dict        # by name
    entry: str = ""      # of a training program's checkpoint: where they stood


def read_source(path):
    """A Source. Throws WeightsError, which names the file."""
    try:
        return _read(path)
    except OSError as error:
        raise WeightsError(f"cannot read '{path}': {error.strerror or error}") from None
    except (WeightsError, *DAMAGE) as error:
        raise in_file(path, error) from None


def in_file(path, error):
    """A WeightsError that names the file."""
    damage = "" if isinstance(error, WeightsError) else "it is damaged: "
    return WeightsError(f"{path}: {damage}{error}")


def _read(path):
    with open(path, "rb") as file:
        start = file.read(4)
    if start == b"PK\x03\x04":
        with zipfile.ZipFile(path) as archive:
            is_npz = all(name.endswith(".npy") for name in archive.namelist())
        return Source(_read_npz(path)) if is_npz else _state_dict(pth_file.read_zip(path))
    if pth_file.is_legacy(path):
        return _state_dict(pth_file.read_legacy(path))
    return Source(read_safetensors(path))


def _read_npz(path):
    """NumPy's archive, of arrays that hold no Python objects."""
    with zipfile.ZipFile(path) as archive:
        check_members(archive)
        return {member.removesuffix(".npy"): _npz_tensor(path, archive, member)
                for member in archive.namelist()}


def _npz_tensor(path, archive, member):
    name = member.removesuffix(".npy")
    try:
        with archive.open(member) as file:
            version = np.lib.format.read_magic(file)
            header = (np.lib.format.read_array_header_1_0 if version == (1, 0)
                      else np.lib.format.read_array_header_2_0)
            shape, _, dtype = header(file)
    except (ValueError, tokenize.TokenError) as error:
        raise WeightsError(f"it is damaged: '{name}': {error}") from None
    wanted = math.prod(shape) * dtype.itemsize
    if archive.getinfo(member).file_size < wanted:
        raise WeightsError(f"it is damaged: '{name}' has {archive.getinfo(member).file_size} bytes, "
                           f"too few for {shape_text(shape)} values of type {dtype}")
    if dtype.kind not in "fiub" and dtype != np.dtype("V2"):
        raise WeightsError(f"'{name}' has values of type {dtype}, which are no numbers")

    def read():
        with np.load(path, allow_pickle=False) as arrays:
            array = arrays[name]
        # NumPy has no bfloat16 and stores that of others as two bytes without a meaning.
        return numbers(array.tobytes(), "bfloat16").reshape(shape) if dtype.kind == "V" else array
    return Tensor(shape, "bfloat16" if dtype.kind == "V" else dtype.name, read)


def _state_dict(value, entry=""):
    """The Source of a state dict, or of one in the dict that a training program saved."""
    if isinstance(value, dict) and not any(pth_file.is_view(v) for v in value.values()):
        for name in WRAPPERS:
            if isinstance(value.get(name), dict):
                return _state_dict(value[name], name)
    tensors = {}
    if isinstance(value, dict):
        tensors = {str(name): pth_file.tensor_of(view) for name, view in value.items()
                   if pth_file.is_view(view)}
    if not tensors:
        raise WeightsError("it holds no state dict: no names with tensors")
    return Source(tensors, entry)


def with_aliases(tensors, aliases):
    """The same with names of older versions replaced: `aliases` has (pattern, replacement)."""
    renamed = {}
    for name, tensor in tensors.items():
        for pattern, replacement in aliases:
            name = re.sub(pattern, replacement, name)
        renamed[name] = tensor
    return renamed
