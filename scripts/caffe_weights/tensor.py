"""A named array in a file of weights, read when it is asked for."""
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Callable

import numpy as np

from .errors import WeightsError  # noqa: F401

# What Python's libraries throw for archives that are damaged or of a rare kind.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, struct.error,
          UnicodeDecodeError)


def check_members(archive):
    """Throws WeightsError if a member of a ZIP archive would grow beyond measure when it is read: no
    weights shrink to a hundredth, but a small file of zeros becomes gigabytes."""
    for member in archive.infolist():
        limit = (1 << 20) + 100 * member.compress_size
        if member.file_size > limit:
            raise WeightsError(f"{member.filename} would take {member.file_size} bytes and has "
                               f"{member.compress_size} in the file: no weights shrink that much, "
                               "so it is not read. Store it without compression if it is right")


def read_member(archive, name, size):
    """The first `size` bytes of a member of a ZIP archive, whatever more it has."""
    with archive.open(name) as file:
        return file.read(size)


@dataclass(frozen=True)
class Tensor:
    shape: tuple
    dtype: str        # float32, bfloat16, ...
    read: Callable    # () -> array of `shape`

    def values(self):
        """float32, row-major."""
        return np.asarray(self.read(), dtype=np.float32, order="C")


# Number types by the names that are used here, as they lie in files: little-endian. NumPy has no
# bfloat16: its bits are the upper half of a float's.
NUMPY_TYPES = {"float64": "<f8", "float32": "<f4", "float16": "<f2", "bfloat16": "<u2",
               "int64": "<i8", "int32": "<i4", "int16": "<i2", "int8": "<i1", "uint8": "<u1",
               "bool": "<u1"}


def item_size(dtype):
    return np.dtype(NUMPY_TYPES[dtype]).itemsize


def numbers(raw, dtype):
    """The numbers of a stretch of bytes, as a flat array."""
    flat = np.frombuffer(raw, NUMPY_TYPES[dtype])
    if dtype == "bfloat16":
        return (flat.astype("<u4") << 16).view("<f4")
    return flat


def shape_text(shape):
    return " x ".join(map(str, shape)) if len(shape) else "a single number"
