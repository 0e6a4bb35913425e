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
    paper: float = None  # the paper's figure
    control: str = ""    # name of the cell that it is compared with
    group: str = ""      # cells of one group share a panel of curves
    x: float = None      # where the paper has a curve: the place on its axis
    weights: str = ""    # file to start from, or name of the cell of Experiment.pretraining
    all_images: int = 0  # training images of the whole data set

    @property
    def folder(self):
        """Below `models/`, of the files of the unchanged recipe."""
        return f"{self.entry.net}/{self.entry.data.name}"

    @property
    def epochs(self):
        return self.entry.recipe.epochs

    @property
    def epoch(self):
        """Iterations of an epoch."""
        return self.entry.recipe.epoch(self.entry.data)

    @property
    def iterations(self):
        return self.epochs * self.epoch

    def cost(self):
        """Multiply-adds of a run, tests included, up to a factor."""
        entry = self.entry
        net = training_net(entry.title, entry.body, entry.data, entry.recipe)
        tests = entry.recipe.epochs / entry.recipe.test_epochs
        return net.multiply_adds * (3 * entry.recipe.epochs * entry.data.train_images
                                    + tests * entry.data.test_images)

    def with_recipe(self, **changes):
        return replace(self, entry=self.entry._replace(
            recipe=replace(self.entry.recipe, **changes)))


@dataclass(frozen=True)
class Experiment:
    name: str
    title: str
    cells: list
    notes: list = field(default_factory=list)         # paragraphs for the report
    axis: str = ""                                    # name of the axis of Cell.x
    pretraining: list = field(default_factory=list)   # cells whose weights others start from
    measures_time: bool = False                       # seconds an epoch, not accuracy

    def all_cells(self):
        return self.pretraining + self.cells

    def map(self, change):
        return replace(self, cells=[change(cell) for cell in self.cells],
                       pretraining=[change(cell) for cell in self.pretraining])


@dataclass(frozen=True)
class Changes:
    """What a user may change of a cell's recipe; None leaves it."""
    epochs: int = None
    lr: float = None
    batch: int = None
    width: float = None

    def of(self, cell):
        recipe = cell.entry.recipe
        if self.epochs is not None:
            cell = cell.with_recipe(epochs=self.epochs,
                                    warmup=math.ceil(recipe.warmup * self.epochs / recipe.epochs))
        if self.lr is not None:
            cell = cell.with_recipe(base_lr=self.lr)
        if self.batch is not None:
            cell = cell.with_recipe(batch=self.batch, iter_size=1)
        if self.width not in (None, 1):
            body = partial(cell.entry.body, width=self.width)
            cell = replace(cell, entry=cell.entry._replace(body=body))
        return cell.with_recipe(snapshot_epochs=max(1, cell.epochs // 20))


def on_data(cell, data):
    """With the sizes of the data known: every epoch's end is in the log, every test image is
    tested once, and a warm-up is no longer than a tenth of the run."""
    cell = replace(cell, entry=cell.entry._replace(data=data),
                   all_images=cell.entry.data.train_images)
    recipe = cell.entry.recipe
    return cell.with_recipe(display=min(recipe.display, cell.epoch),
                            warmup=min(recipe.warmup, math.ceil(cell.iterations / 10)),
                            test_batch=largest_divisor(data.test_images, recipe.test_batch))


def largest_divisor(number, limit):
    return next(i for i in range(min(limit, number), 0, -1) if number % i == 0)
