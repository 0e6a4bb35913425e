"""What there is to train: an experiment is a grid of cells, each trained once for every seed."""
import math
from dataclasses import dataclass, field, replace
from functools import partial

from caffe_models.catalogue import Entry
from caffe_models.methods import Method
from caffe_models.recipes import training_net


@dataclass(frozen=True)
class Cell:
    """One net on one data set, trained by one method: a row, or half a row, of a table."""
    name: str            # of its folder; unique in the experiment
    title: str
    entry: Entry
    method: Method
    paper: float = None  # accuracy in the paper, in percent
    control: str = ""    # name of the cell that it is compared with
    group: str = ""      # cells of one group share a panel of curves
    x: float = None      # where the paper has a curve: the place on its axis

    @property
    def iterations(self):
        return self.entry.recipe.epochs * self.entry.recipe.epoch(self.entry.data)

    def cost(self):
        """Multiply-adds of a run, tests included, up to a factor."""
        entry = self.entry
        net = training_net(entry.title, entry.body, entry.data, entry.recipe)
        tests = entry.recipe.epochs / entry.recipe.test_epochs
        return net.multiply_adds * (3 * entry.recipe.epochs * entry.data.train_images
                                    + tests * entry.data.test_images)


@dataclass(frozen=True)
class Experiment:
    name: str
    title: str
    cells: list
    notes: list = field(default_factory=list)   # sentences for the report
    axis: str = ""                              # name of the axis of Cell.x


@dataclass(frozen=True)
class Changes:
    """What a user may change of a cell's recipe; None leaves it."""
    epochs: int = None
    lr: float = None
    batch: int = None
    width: float = None

    def of(self, cell):
        entry = cell.entry
        recipe = entry.recipe
        if self.epochs is not None:
            recipe = replace(recipe, epochs=self.epochs,
                             warmup=math.ceil(recipe.warmup * self.epochs / recipe.epochs))
        if self.lr is not None:
            recipe = replace(recipe, base_lr=self.lr)
        if self.batch is not None:
            recipe = replace(recipe, batch=self.batch, iter_size=1)
        recipe = replace(recipe, snapshot_epochs=max(1, recipe.epochs // 20))
        body = entry.body
        if self.width not in (None, 1):
            body = partial(body, width=self.width)
        return replace(cell, entry=entry._replace(body=body, recipe=recipe))


def with_display(cell):
    """The loss of an epoch's end must be in the log, however short the epoch."""
    recipe = cell.entry.recipe
    epoch = recipe.epoch(cell.entry.data)
    return replace(cell, entry=cell.entry._replace(
        recipe=replace(recipe, display=min(recipe.display, epoch))))
