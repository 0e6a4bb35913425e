"""From a caffemodel to tensors under published names."""
import numpy as np

from .architectures import architecture_of
from .caffemodel import read_caffemodel
from .report import Line, Report
from .tensor import WeightsError, shape_text


def export_tensors(model, net, bgr=False):
    """(float32 arrays by name, Report)"""
    stored = {layer.name: layer for layer in read_caffemodel(model)}
    naming = architecture_of(net)[1][0]
    report = Report(f"{model}: {len(stored)} layers, to names of {naming.publisher.split(',')[0]}")
    pieces = {}   # by name: the arrays that make one tensor
    for layer in net.layers:
        parts = naming.parts(layer)
        if parts is None:
            report.fresh.append((layer.name, "the architecture has no such layer"))
            continue
        if layer.name not in stored:
            raise WeightsError(f"{model}: it has no weights for layer '{layer.name}' of "
                               f"{net.path}. Is it of another net?")
        blobs = _learned(model, layer, stored.pop(layer.name).blobs)
        if bgr and layer == net.layers[0] and blobs[0].shape[1:2] == (3,):
            blobs[0] = np.ascontiguousarray(blobs[0][:, ::-1])
        for part, blob in zip(parts, blobs):
            pieces.setdefault(part.key, [None] * part.layout.of)[part.layout.index] = \
                part.layout.store(blob)
        note = next((part.layout.words for part in parts if part.layout.words), "")
        report.lines.append(Line(layer.name, blobs[0].shape, [part.key for part in parts], note))
    report.unused = [(name, "") for name in stored]
    arrays = {key: parts[0] if len(parts) == 1 else np.concatenate(parts)
              for key, parts in pieces.items()}
    report.values = sum(array.size for array in arrays.values())
    return arrays, report


def _learned(model, layer, blobs):
    """The blobs of a layer in the shapes that its definition wants, without the factor of batch
    norm, by which its sums are divided as the layer does."""
    if len(blobs) != len(layer.roles):
        raise WeightsError(f"{model}: layer '{layer.name}' has {len(blobs)} blobs, wanted are "
                           f"{len(layer.roles)}")
    blobs = [_in_shape(model, layer, blob, wanted) for blob, wanted in zip(blobs, layer.shapes)]
    if layer.roles[-1] != "factor":
        return blobs
    count = blobs.pop()[0]
    scale = np.float32(0) if count == 0 else np.float32(1) / count
    return [blob * scale for blob in blobs]


def _in_shape(model, layer, blob, wanted):
    # Old files have four axes everywhere; those in front are of length 1.
    extra = blob.ndim - len(wanted)
    if extra > 0 and blob.shape[:extra] == (1,) * extra:
        blob = blob.reshape(blob.shape[extra:])
    if layer.transposed and blob.ndim == 2:
        blob = np.ascontiguousarray(blob.T)
    if blob.ndim != len(wanted) or any(w not in (None, n) for n, w in zip(blob.shape, wanted)):
        shape = " x ".join("any" if want is None else str(want) for want in wanted)
        raise WeightsError(f"{model}: a blob of layer '{layer.name}' is {shape_text(blob.shape)}, "
                           f"wanted is {shape}. Is it of another net?")
    return blob
