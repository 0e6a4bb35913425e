"""What the tensors of a published file are called, for each architecture and each publisher.

A naming turns the name of one of our layers into the `Part` of the file that each of its blobs
comes from. The functions for single architectures are in the files names_*.py.
"""
from dataclasses import dataclass
from typing import Callable, NamedTuple

from .layouts import SAME, Layout


class Part(NamedTuple):
    key: str
    layout: Layout = SAME
    positions: bool = False   # of a grid of patches, which may have another size


@dataclass(frozen=True)
class Naming:
    publisher: str
    probes: tuple       # names that tell files of this kind
    parts: Callable     # Layer -> [Part for each role but "factor"]; None: it has no such layer
    aliases: tuple = () # (pattern, replacement) for names of older versions

    def prefix(self, names):
        """What stands in front of all names of a file of this kind, as "module."; None for files of
        another kind."""
        found = sorted((name.removesuffix(self.probes[0]) for name in names
                        if name.endswith(self.probes[0])), key=len)
        return next((prefix for prefix in found
                     if all(prefix + probe in names for probe in self.probes)), None)


def by_module(module_of, layout_of=lambda layer: SAME):
    """Parts named as PyTorch names them: module.weight, module.bias, module.running_mean, ...;
    `module_of(layer)` is the module of a layer, or None."""
    def parts(layer):
        module = module_of(layer)
        if module is None:
            return None
        return [Part(f"{module}.{role}", layout_of(layer) if role == "weight" else SAME)
                for role in layer.roles if role != "factor"]
    return parts
