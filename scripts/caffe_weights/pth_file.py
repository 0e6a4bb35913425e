"""Files of torch.save: ZIP archives, and the form before PyTorch 1.6, in which many of the
published weights still are."""
import math
import struct
import zipfile

import numpy as np

from . import restricted_pickle
from .restricted_pickle import View
from .tensor import (Tensor, WeightsError, check_members, item_size, numbers,
                     read_member)

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_VERSION = 1001
# Views may repeat numbers, so the size of a file does not bound it.
LARGEST_TENSOR = 2**31 - 1


class Storage:
    """`count` numbers of one type; `read()` gives their bytes."""

    def __init__(self, dtype, count, read=None):
        self.dtype, self.count, self.read = dtype, count, read


def read_zip(path):
    """The object of an archive: data.pkl, with storages in files of their own beside it."""
    with zipfile.ZipFile(path) as archive:
        check_members(archive)
        names = set(archive.namelist())
        pickles = [name for name in names if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise WeightsError("this ZIP archive holds no weights: it has no data.pkl of "
                               "torch.save (TorchScript archives are not read)")
        folder = pickles[0].removesuffix("data.pkl")
        order = folder + "byteorder"
        if order in names and archive.read(order) != b"little":
            raise WeightsError("it was written on a big-endian machine")
        storages = {}

        def find_storage(id):
            _, kind, key, _, count = id[:5]
            name = f"{folder}data/{key}"
            if name not in names:
                raise WeightsError(f"it is damaged: {name} is missing")
            if archive.getinfo(name).file_size < count * item_size(kind.dtype):
                raise WeightsError(f"it is damaged: {name} has {archive.getinfo(name).file_size} "
                                   f"bytes, too few for {count} numbers of type {kind.dtype}")
            size = count * item_size(kind.dtype)
            return storages.setdefault(
                key, Storage(kind.dtype, count, lambda: _zip_bytes(path, name, size)))

        with archive.open(pickles[0]) as file:
            return restricted_pickle.load(file, find_storage)


def _zip_bytes(path, name, size):
    with zipfile.ZipFile(path) as archive:
        return read_member(archive, name, size)


def is_legacy(path):
    """Whether a file starts with the pickled magic number."""
    with open(path, "rb") as file:
        start = file.read(16)
    return start[:2] == b"\x80\x02" and LEGACY_MAGIC.to_bytes(10, "little") in start


def read_legacy(path):
    """Pickles in a row - magic number, version, machine, object, keys of storages - then the
    storages themselves, each behind its count of numbers."""
    storages = {}

    def find_storage(id):
        _, kind, key, _, count = id[:5]
        if len(id) > 5 and id[5] is not None:
            raise WeightsError("its storages are parts of others, as PyTorch wrote them before 0.4")
        return storages.setdefault(key, Storage(kind.dtype, count))

    with open(path, "rb") as file:
        def load():
            return restricted_pickle.load(file, find_storage)
        if load() != LEGACY_MAGIC or load() != LEGACY_VERSION:
            raise WeightsError("it has an unknown version")
        machine = load()
        if not isinstance(machine, dict) or machine.get("little_endian") is not True:
            raise WeightsError("it was written on a big-endian machine")
        result, keys = load(), load()
        if not isinstance(keys, list) or set(keys) != set(storages):
            raise WeightsError("it is damaged: its list of storages is not that of its tensors")
        for key in keys:
            _place_legacy(path, file, storages[key])
    return result


def _place_legacy(path, file, storage):
    """Notes where the numbers of a storage lie and goes on behind them."""
    head = file.read(8)
    if len(head) != 8 or struct.unpack("<q", head)[0] != storage.count:
        raise WeightsError("it is damaged: a storage has another size than its tensors say, or the "
                           "file ends early")
    start, size = file.tell(), storage.count * item_size(storage.dtype)
    if file.seek(0, 2) < start + size:
        raise WeightsError("it is damaged: the file ends early")
    file.seek(start + size)

    def read():
        with open(path, "rb") as again:
            again.seek(start)
            return again.read(size)
    storage.read = read


def tensor_of(view):
    """The Tensor of a View; its bounds are checked."""
    shape, stride = view.shape, view.stride
    integers = (view.offset, *shape, *stride)
    if len(shape) != len(stride) or not all(isinstance(n, int) and n >= 0 for n in integers):
        raise WeightsError(
            f"it is damaged: a tensor has the shape {shape} and the strides {stride}")
    storage = view.storage
    if not isinstance(storage, Storage):
        raise WeightsError("it is damaged: a tensor has no storage")
    if math.prod(shape) > LARGEST_TENSOR:
        raise WeightsError(f"a tensor has {math.prod(shape)} numbers, more than a blob can have")
    reach = view.offset + sum((n - 1) * step for n, step in zip(shape, stride)) + 1
    if 0 not in shape and reach > storage.count:
        raise WeightsError(f"it is damaged: a tensor reaches to number {reach} of a storage of "
                           f"{storage.count}")

    def read():
        if 0 in shape:
            return np.zeros(shape, np.float32)
        flat = numbers(storage.read()[:storage.count * item_size(storage.dtype)], storage.dtype)
        steps = [step * flat.itemsize for step in stride]
        return np.lib.stride_tricks.as_strided(flat[view.offset:], shape, steps, writeable=False)
    return Tensor(shape, storage.dtype, read)


def is_view(value):
    return isinstance(value, View)
