"""Writes the files of torch.save without PyTorch, from its description of their contents."""
import contextlib
import io
import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict

import numpy as np

KINDS = {"float32": "FloatStorage", "float16": "HalfStorage", "float64": "DoubleStorage",
         "int64": "LongStorage", "uint16": "BFloat16Storage"}


class Tensor:
    """A view of the memory of `base`, a contiguous array; by default all of it. uint16 stands for
    the bits of bfloat16."""

    def __init__(self, base, view=None):
        view = base if view is None else view
        self.storage = Storage(base)
        self.offset = (view.__array_interface__["data"][0] -
                       base.__array_interface__["data"][0]) // base.itemsize
        self.shape, self.stride = view.shape, tuple(s // base.itemsize for s in view.strides)


class Storage:
    def __init__(self, base):
        self.base, self.key = base.reshape(-1), None


@contextlib.contextmanager
def torch_names():
    """A module `torch` with the names that pickles refer to."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for kind in KINDS.values():
        setattr(torch, kind, type(kind, (), {"__module__": "torch"}))

    def rebuild(*_):
        raise AssertionError("is only written, never called")
    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = rebuild
    before = {name: sys.modules.get(name) for name in ("torch", "torch._utils")}
    sys.modules |= {"torch": torch, "torch._utils": utils}
    try:
        yield torch
    finally:
        for name, module in before.items():
            sys.modules.pop(name)
            if module is not None:
                sys.modules[name] = module


class Pickler(pickle.Pickler):
    def __init__(self, file, torch, legacy):
        super().__init__(file, protocol=2)
        self.torch, self.legacy, self.storages = torch, legacy, []

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        if value.key is None:
            value.key = str(len(self.storages))
            self.storages.append(value)
        kind = getattr(self.torch, KINDS[value.base.dtype.name])
        id = "storage", kind, value.key, "cpu", value.base.size
        return (*id, None) if self.legacy else id

    def reducer_override(self, value):
        if not isinstance(value, Tensor):
            return NotImplemented
        return self.torch_rebuild(), (value.storage, value.offset, value.shape, value.stride, False,
                                      OrderedDict())

    def torch_rebuild(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2


def tensors(arrays):
    """A state dict of arrays."""
    return OrderedDict((name, Tensor(np.asarray(a, order="C")) if isinstance(a, np.ndarray) else a)
                       for name, a in arrays.items())


def write_zip(path, value, folder="archive"):
    with torch_names() as torch:
        text = io.BytesIO()
        pickler = Pickler(text, torch, legacy=False)
        pickler.dump(value)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{folder}/data.pkl", text.getvalue())
        archive.writestr(f"{folder}/byteorder", "little")
        for storage in pickler.storages:
            archive.writestr(f"{folder}/data/{storage.key}", storage.base.tobytes())
        archive.writestr(f"{folder}/version", "3\n")


def write_legacy(path, value):
    with torch_names() as torch, open(path, "wb") as file:
        for head in (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True,
                                                    "type_sizes": {"short": 2, "int": 4}}):
            pickle.dump(head, file, protocol=2)
        pickler = Pickler(file, torch, legacy=True)
        pickler.dump(value)
        pickle.dump([storage.key for storage in pickler.storages], file, protocol=2)
        for storage in pickler.storages:
            file.write(struct.pack("<q", storage.base.size) + storage.base.tobytes())
