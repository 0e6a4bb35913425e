"""From a published file to a caffemodel."""
from dataclasses import dataclass

import numpy as np

from . import positions
from .architectures import architecture_of
from .caffemodel import ModelLayer
from .report import Line, Report
from .sources import in_file, read_source, with_aliases
from .tensor import DAMAGE, WeightsError, shape_text

# Counters of training steps, which batch norm with a fixed momentum does not read.
COUNTER = "num_batches_tracked"


@dataclass(frozen=True)
class ImportOptions:
    drop_classifier: bool = False
    position_resize: str = "bilinear"
    bgr: bool = False


class Importer:
    """Turns the tensors of a file into the layers of a net. `report` is complete when all of
    `layers()` have been taken."""

    def __init__(self, source, net, options):
        self.source, self.net, self.options = source, net, options
        tensors, entry = read_source(source)
        title, namings = architecture_of(net)
        self.naming, self.tensors = self._named(tensors, title, namings)
        self.used, self.dropped = set(), set()
        where = f" in '{entry}'" if entry else ""
        self.report = Report(f"{source}: {len(tensors)} tensors{where}, named as by "
                             f"{self.naming.publisher}")

    def _named(self, tensors, title, namings):
        for naming in namings:
            renamed = with_aliases(tensors, naming.aliases)
            prefix = naming.prefix(renamed)
            if prefix is not None:
                return naming, {name.removeprefix(prefix): t for name, t in renamed.items()}
        known = "; ".join(f"{naming.publisher}: {', '.join(naming.probes)}" for naming in namings)
        first = ", ".join(list(tensors)[:4])
        raise WeightsError(f"{self.source}: no weights of a {title} as {self.net.path} defines "
                           f"one. Its tensors begin with {first}; looked for were {known}")

    def layers(self):
        for layer in self.net.layers:
            parts = self._parts_of(layer)
            if parts is not None:
                yield ModelLayer(layer.name, layer.type, self._blobs(layer, parts))
        self._list_unused()

    def _parts_of(self, layer):
        """None, and a word in the report, for layers that stay fresh."""
        parts = self.naming.parts(layer)
        if parts is None:
            self.report.fresh.append((layer.name, "the architecture has no such layer"))
            return None
        is_classifier = layer == self.net.classifier
        missing = [part.key for part in parts if part.key not in self.tensors]
        if is_classifier and self.options.drop_classifier:
            self.dropped = {part.key for part in parts}
            self.report.fresh.append((layer.name, "classifier, dropped"))
            return None
        if is_classifier and len(missing) == len(parts):
            self.report.fresh.append((layer.name, "the file has no classifier"))
            return None
        if missing:
            raise WeightsError(f"{self.source}: it has no '{missing[0]}' for layer '{layer.name}' "
                               f"of {self.net.path}. Is it of another net?")
        return parts

    def _blobs(self, layer, parts):
        blobs, notes, parts = [], [], list(parts)
        keys = [part.key for part in parts]
        for role, wanted in zip(layer.roles, layer.shapes):
            if role == "factor":
                # Caffe divides the sums of mean and variance by it.
                blobs.append(np.ones(1, np.float32))
                continue
            part = parts.pop(0)
            blob, note = self._blob(layer, part, wanted)
            blobs.append(blob)
            if note and note not in notes:
                notes.append(note)
            self.report.values += blob.size
        self.used.update(keys)
        self.report.lines.append(Line(layer.name, blobs[0].shape, keys, ", ".join(notes)))
        return blobs

    def _blob(self, layer, part, wanted):
        blob, note = part.layout.load(self._values(part.key)), part.layout.words
        if part.positions:
            blob, resized = self._positions(layer, part, blob)
            note = note or resized
        self._check_shape(layer, part, blob, wanted)
        if layer.transposed and blob.ndim == 2:
            blob = blob.T
        if self.options.bgr and layer == self.net.layers[0] and blob.shape[1:2] == (3,):
            blob, note = blob[:, ::-1], "channels reversed"
        return np.ascontiguousarray(blob), note

    def _values(self, key):
        try:
            return self.tensors[key].values()
        except OSError as error:
            raise WeightsError(f"cannot read '{self.source}': {error.strerror or error}") from None
        except (WeightsError, *DAMAGE) as error:
            raise in_file(self.source, error) from None

    def _check_shape(self, layer, part, blob, wanted):
        fits = blob.ndim == len(wanted) and all(
            want in (None, size) for size, want in zip(blob.shape, wanted))
        if fits:
            return
        shape = " x ".join("any" if want is None else str(want) for want in wanted)
        advice = "Is it of another net?"
        if layer == self.net.classifier:
            advice = (f"The file has {len(blob)} classes, the net {wanted[0]}: --drop_classifier "
                      "leaves the layer out, so that it is learned afresh")
        raise WeightsError(f"{self.source}: '{part.key}' is "
                           f"{shape_text(self.tensors[part.key].shape)}, but layer "
                           f"'{layer.name}' of {self.net.path} wants {shape}. {advice}")

    def _positions(self, layer, part, blob):
        """Position embeddings for the patches of the net."""
        grid = self.net.grid
        if blob.ndim != 2 or grid is None:
            return blob, ""
        side = positions.square_side(len(blob) - 1)
        if side is None:
            raise WeightsError(f"{self.source}: '{part.key}' is for {len(blob) - 1} patches and a "
                               "class token, but only square grids of patches can be resized")
        if grid == (side, side):
            return blob, ""
        method = self.options.position_resize
        note = f"{side} x {side} -> {grid[0]} x {grid[1]}, {method}"
        return positions.resize(blob, grid, method), note

    def _list_unused(self):
        for key in self.tensors:
            if key in self.used or key.endswith(COUNTER):
                continue
            self.report.unused.append((key, "classifier, dropped" if key in self.dropped else ""))
