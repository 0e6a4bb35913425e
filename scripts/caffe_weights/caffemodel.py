"""Reads and writes .caffemodel files: NetParameter messages of proto/caffe.proto, of which only
names, types and blobs of layers count here."""
import math
from typing import NamedTuple

import numpy as np

from . import wire
from .tensor import WeightsError, shape_text

# Numbers of fields.
NET_NAME, NET_OLD_LAYER, NET_LAYER = 1, 2, 100
LAYER_NAME, LAYER_TYPE, LAYER_BLOBS = 1, 2, 7
OLD_LAYER_NAME, OLD_LAYER_BLOBS = 4, 6
BLOB_DATA, BLOB_SHAPE, BLOB_DOUBLES, BLOB_RAW_TYPE, BLOB_RAW = 5, 7, 8, 10, 12
SHAPE_DIM = 1
# How NVIDIA's fork names number types.
RAW_TYPES = {0: "<f8", 1: "<f4", 2: "<f2"}


class ModelLayer(NamedTuple):
    name: str
    type: str     # "" in files of the oldest kinds
    blobs: list   # arrays


def read_caffemodel(path):
    """Layers that have blobs. Throws WeightsError, which names the file."""
    try:
        with open(path, "rb") as file:
            data = memoryview(file.read())
        if not data:
            raise WeightsError("the file is empty")
        layers = [_layer(number, value) for number, kind, value in wire.fields(data)
                  if number in (NET_OLD_LAYER, NET_LAYER) and kind == wire.BYTES]
    except OSError as error:
        raise WeightsError(f"cannot read '{path}': {error.strerror or error}") from None
    except WeightsError as error:
        hdf5 = " (HDF5 files are not read here: train with snapshot_format: BINARYPROTO)"
        raise WeightsError(f"{path}: {error}{hdf5 if str(path).endswith('.h5') else ''}") from None
    layers = [layer for layer in layers if layer.blobs]
    if not layers:
        raise WeightsError(f"{path}: it holds no layers with weights")
    return layers


def _layer(number, data):
    old = number == NET_OLD_LAYER
    name_field, blobs_field = ((OLD_LAYER_NAME, OLD_LAYER_BLOBS) if old else
                               (LAYER_NAME, LAYER_BLOBS))
    name = type = ""
    blobs = []
    for field, kind, value in wire.fields(data):
        if kind != wire.BYTES:
            continue
        if field == name_field:
            name = str(value, "utf-8", "replace")
        elif field == LAYER_TYPE and not old:
            type = str(value, "utf-8", "replace")
        elif field == blobs_field:
            blobs.append(_blob(value))
    return ModelLayer(name, type, blobs)


def _blob(data):
    shape, old_shape, runs, raw, raw_type = None, {}, [], None, None
    for field, kind, value in wire.fields(data):
        if field == BLOB_SHAPE and kind == wire.BYTES:
            shape = _shape(value)
        elif field <= 4 and kind == wire.VARINT:
            old_shape[field] = value
        elif field in (BLOB_DATA, BLOB_DOUBLES) and kind != wire.VARINT:
            runs.append(np.frombuffer(value, "<f4" if field == BLOB_DATA else "<f8"))
        elif field == BLOB_RAW_TYPE:
            raw_type = value
        elif field == BLOB_RAW:
            raw = value
    if not runs and raw is not None and raw_type in RAW_TYPES:
        runs.append(np.frombuffer(raw, RAW_TYPES[raw_type]))
    if old_shape:
        shape = tuple(old_shape.get(axis, 0) for axis in range(1, 5))
    values = runs[0] if len(runs) == 1 else np.concatenate(runs or [np.zeros(0)])
    if shape is None or math.prod(shape) != values.size:
        raise WeightsError(f"it is damaged: a blob has {values.size} values and the shape "
                           f"{shape_text(shape or ())}")
    return values.astype(np.float32, copy=False).reshape(shape)


def _shape(data):
    dims = []
    for field, kind, value in wire.fields(data):
        if field == SHAPE_DIM:
            dims += wire.varints(value) if kind == wire.BYTES else [value]
    return tuple(dims)


def write_caffemodel(file, name, layers):
    """Writes a net of ModelLayers, which may be made while this goes on, into an open file."""
    file.write(wire.field(NET_NAME, name.encode()))
    for layer in layers:
        parts = [wire.field(LAYER_NAME, layer.name.encode()),
                 wire.field(LAYER_TYPE, layer.type.encode())]
        for blob in layer.blobs:
            # What stands before the values and the values, apart: they are not copied.
            head = wire.field(BLOB_SHAPE, wire.field(SHAPE_DIM, b"".join(
                wire.varint(n) for n in blob.shape)))
            head += wire.key(BLOB_DATA, wire.BYTES) + wire.varint(4 * blob.size)
            parts += [wire.key(LAYER_BLOBS, wire.BYTES) + wire.varint(len(head) + 4 * blob.size),
                      head, np.ascontiguousarray(blob, "<f4")]
        size = sum(part.nbytes if isinstance(part, np.ndarray) else len(part) for part in parts)
        file.write(wire.key(NET_LAYER, wire.BYTES) + wire.varint(size))
        for part in parts:
            file.write(part)
