"""The regularisers that the paper compares its method with, and their relatives, in a residual net.

A net asks its rival at four kinds of places; a rival changes some of them:

    after_norm   behind a convolution, its batch norm and its rectifier, if it has one
    shortcut     the other summand of a residual sum
    branch       the end of a residual branch
    classifier   the last inner product

At test time, and with a keep probability of 1, each net is the plain one, but for factors that
stochastic depth, ShakeDrop and DropConnect have at test time.
"""
from dataclasses import dataclass

from .net import Blob
from .prototxt import Word


@dataclass(frozen=True)
class Place:
    """A residual block: number `depth` of `depths`, in stage `stage` of `stages`, all from 1.
    `small` is the form of the net for images of 32x32."""
    name: str
    small: bool
    stage: int
    stages: int
    depth: int
    depths: int

    @property
    def in_last_two_stages(self):
        return self.stage > self.stages - 2


class Rival:
    """The plain net."""
    title = "none"
    # Whether the net at test time is another than the plain one.
    changes_test = False

    def after_norm(self, net, x, name, place):
        return x

    def shortcut(self, net, x, place):
        return x

    def branch(self, net, x, place):
        return x

    def classifier(self, net, x, name, outputs):
        return net.inner_product(x, name, outputs)


@dataclass(frozen=True)
class Dropout(Rival):
    """Before the classifier."""
    keep: float = 0.7
    title = "Dropout"

    def classifier(self, net, x, name, outputs):
        x = net.dropout(x, f"{name}_dropout", 1 - self.keep)
        return net.inner_product(x, name, outputs)


@dataclass(frozen=True)
class SpatialDropout(Rival):
    """Behind every convolution of the last two stages, where DropBlock's authors put all methods
    that they compare."""
    keep: float = 0.9
    title = "SpatialDropout"

    def after_norm(self, net, x, name, place):
        if net.portable or not place.in_last_two_stages:
            return x
        return net.add("SpatialDropout", f"{name}_spatial_dropout", [x], x,
                       spatial_dropout_param={"keep": self.keep})


@dataclass(frozen=True)
class DropBlock(Rival):
    """Behind every convolution, and on the shortcuts, of the last two stages, of which the first
    drops a quarter of what the other does. So do the authors. Their blocks of 7 are half of a map
    of the one and all of a map of the other, as blocks of 4 are for images of 32x32."""
    keep: float = 0.9
    title = "DropBlock"

    def after_norm(self, net, x, name, place):
        return self._drop(net, x, x, f"{name}_drop_block", place)

    def shortcut(self, net, x, place):
        # The block's input has other readers.
        own = x.name.startswith(place.name)
        top = x if own else Blob(f"{place.name}_shortcut", x.shape)
        return self._drop(net, x, top, f"{place.name}_shortcut_drop_block", place)

    def _drop(self, net, x, top, name, place):
        if net.portable or not place.in_last_two_stages:
            return x
        keep = 1 - (1 - self.keep) / 4 ** (place.stages - place.stage)
        return net.add("DropBlock", name, [x], top,
                       drop_block_param={"keep": keep, "block_size": 4 if place.small else 7})


@dataclass(frozen=True)
class DropPath(Rival):
    """On every residual branch, with a drop rate that grows linearly over the depth."""
    keep: float = 0.9
    scheduled: bool = False
    per_batch: bool = False

    @property
    def title(self):
        return ("stochastic depth" if self.per_batch else
                "ScheduledDropPath" if self.scheduled else "DropPath")

    @property
    def changes_test(self):
        return self.per_batch

    def branch(self, net, x, place):
        name = f"{place.name}_drop_path"
        if net.portable and self.per_batch:
            return _times(net, x, name, 1 - place.depth / place.depths * (1 - self.keep))
        param = {"keep": self.keep}
        if self.per_batch:
            param["per"] = Word("BATCH")
        if self.scheduled:
            param["scheduled"] = True
        return net.drop_path(x, name, {**param, "depth": place.depth, "depths": place.depths})


@dataclass(frozen=True)
class ShakeDrop(Rival):
    """On every residual branch, with a probability that grows linearly over the depth."""
    keep: float = 0.5
    title = "ShakeDrop"
    changes_test = True

    def branch(self, net, x, place):
        name = f"{place.name}_shake_drop"
        if net.portable:
            return _times(net, x, name, 1 - place.depth / place.depths * (1 - self.keep))
        return net.add("ShakeDrop", name, [x], x,
                       shake_drop_param={"keep": self.keep, "depth": place.depth,
                                         "depths": place.depths})


@dataclass(frozen=True)
class DropConnect(Rival):
    """As the classifier."""
    keep: float = 0.5
    title = "DropConnect"
    changes_test = True

    def classifier(self, net, x, name, outputs):
        if net.portable:
            return _times(net, net.inner_product(x, name, outputs), f"{name}_keep", self.keep)
        return net.inner_product(x, name, outputs, type="DropConnect",
                                 drop_connect_param={"keep": self.keep})


def _times(net, x, name, factor):
    return net.add("Power", name, [x], x, power_param={"scale": factor})


NONE = Rival()

RIVALS = {
    "dropout": Dropout(),
    "spatial_dropout": SpatialDropout(),
    "drop_block": DropBlock(),
    "drop_path": DropPath(),
    "stochastic_depth": DropPath(keep=0.5, per_batch=True),
    "scheduled_drop_path": DropPath(scheduled=True),
    "shake_drop": ShakeDrop(),
    "drop_connect": DropConnect(),
}
