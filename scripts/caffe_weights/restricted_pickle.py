"""Pickles of PyTorch's state dicts, without PyTorch and without running what a file says.

A pickle is a program that may call any function. This reader knows the few names that state dicts
need, each with a harmless stand-in here, and refuses all others.
"""
import pickle
from collections import OrderedDict
from typing import NamedTuple

from .errors import WeightsError


class StorageType(NamedTuple):
    """Stands for torch.FloatStorage and its like."""
    dtype: str


class View(NamedTuple):
    """A tensor in a pickle: numbers of a storage, `offset` and `stride` counted in numbers."""
    storage: object
    offset: int
    shape: tuple
    stride: tuple


def _rebuild_tensor(storage, offset, shape, stride, requires_grad=False, hooks=None, metadata=None):
    return View(storage, offset, tuple(shape), tuple(stride))


def _rebuild_parameter(data, requires_grad=True, hooks=None):
    return data


_STORAGES = {"DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16",
             "BFloat16Storage": "bfloat16", "LongStorage": "int64", "IntStorage": "int32",
             "ShortStorage": "int16", "CharStorage": "int8", "ByteStorage": "uint8",
             "BoolStorage": "bool"}

_KNOWN = {("collections", "OrderedDict"): OrderedDict,
          ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
          ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
          ("torch", "Size"): tuple,
          **{("torch", name): StorageType(dtype) for name, dtype in _STORAGES.items()}}


class Unpickler(pickle._Unpickler):
    """The one in Python: that in C trusts the sizes in a damaged pickle. `find_storage(id)` gives
    the storage of a persistent id: ("storage", StorageType, key, location, count, ...)."""

    def __init__(self, file, find_storage):
        super().__init__(file)
        self.find_storage = find_storage

    def find_class(self, module, name):
        try:
            return _KNOWN[module, name]
        except KeyError:
            raise WeightsError(
                f"it holds a '{module}.{name}', which weights do not need and which is not read. "
                "Save the weights alone in PyTorch: "
                "torch.save(model.state_dict(), FILE)") from None

    def persistent_load(self, id):
        good = (isinstance(id, tuple) and len(id) >= 5 and id[0] == "storage" and
                isinstance(id[1], StorageType) and isinstance(id[4], int))
        if not good:
            raise WeightsError(f"it refers to {id!r}, which is no storage of numbers")
        return self.find_storage(id)


def load(file, find_storage):
    """The object in a pickle. Throws WeightsError for anything that is none, or not allowed."""
    try:
        return Unpickler(file, find_storage).load()
    except WeightsError:
        raise
    except Exception as error:  # damaged pickles make all kinds
        raise WeightsError(f"it is damaged: {type(error).__name__}: {error}") from None
