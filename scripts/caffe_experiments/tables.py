"""The paper's tables and its figure as experiments."""
import json
import pathlib
from dataclasses import dataclass, replace
from functools import partial

from caffe_models.catalogue import entries
from caffe_models.methods import (BASELINE, FIXED_RATE, NO_SKIP, PAPER, REFERENCE,
                                  REFERENCE_BASELINE, channel_rate)
from caffe_models.paper_tables import CHANNEL_RATES, TABLE6_FOLDER, TABLES, as_in_the_code
from caffe_models.rivals import RIVALS

from .errors import Refusal
from .experiment import Cell, Experiment

FIGURES = json.loads((pathlib.Path(__file__).parent / "paper.json").read_text())
ENTRIES = {f"{entry.net}/{entry.data.name}": entry for entry in entries()}
DATA_TITLES = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "svhn": "SVHN",
               "imagenet": "ImageNet"}

TITLES = {
    "table1": "Table 1: fine-tuned vision transformers",
    "table2": "Table 2: fine-tuned ResNet-50",
    "table3": "Table 3: trained from scratch on CIFAR-10 and CIFAR-100",
    "table5": "Table 5: ResNets of different depths on CIFAR-100",
}
# In the paper's order, with the probability of keeping.
TABLE4_RIVALS = [("dropout", 0.7), ("drop_path", 0.9), ("spatial_dropout", 0.9),
                 ("drop_block", 0.9)]
SHUFFLENETS = ("The paper does not say which ShuffleNetV2 it trains; its figure stands beside "
               "both sizes.")


@dataclass(frozen=True)
class Choice:
    """What of a table is wanted; None: everything."""
    nets: list = None
    data: list = None
    readings: tuple = ("PAPER",)


@dataclass(frozen=True)
class Reading:
    """How names and titles of its cells end, its two methods, and its recipe."""
    ending: str
    words: str
    baseline: object
    method: object
    recipe: object


READINGS = {
    "PAPER": Reading("", "", BASELINE, PAPER, lambda recipe: recipe),
    "REFERENCE": Reading("_reference", " (REFERENCE)", REFERENCE_BASELINE, REFERENCE,
                         as_in_the_code),
}


def accuracy_table(table, choice):
    """Tables 1, 2, 3 and 5: pairs of a baseline and the method."""
    cells = []
    for folder in wanted(TABLES[table], choice):
        for name in choice.readings:
            cells += pair(folder, READINGS[name], FIGURES[table][folder])
    notes = [SHUFFLENETS] if any("shufflenet" in cell.name for cell in cells) else []
    return Experiment(table, TITLES[table], cells, notes)


def wanted(folders, choice):
    found = [folder for folder in folders
             if (choice.nets is None or ENTRIES[folder].net in choice.nets)
             and (choice.data is None or ENTRIES[folder].data.source in choice.data
                  or ENTRIES[folder].data.name in choice.data)]
    if not found:
        raise Refusal(f"--net and --data leave nothing of {', '.join(folders)}")
    return found


def pair(folder, reading, figures):
    stem = folder.replace("/", "_")
    title = title_of(folder)
    baseline, method = (
        cell_of(folder, f"{stem}_{name}", f"{title}: {words}", reading, which, figure)
        for name, words, which, figure in
        (("baseline", "baseline", reading.baseline, figures[0]),
         ("channel_dropback", "ChannelDropBack", reading.method, figures[1])))
    return compare([baseline, method], baseline, group=title)


def title_of(folder):
    entry = ENTRIES[folder]
    size = folder.rpartition("_")[2]
    suffix = f" at {size}" if size in ("224", "384") else ""
    return f"{entry.title}, {DATA_TITLES[entry.data.source]}{suffix}"


def cell_of(folder, name, title, reading, method, figure=None, x=None):
    entry = ENTRIES[folder]
    entry = entry._replace(recipe=reading.recipe(entry.recipe))
    return Cell(name + reading.ending, title + reading.words, entry, method, figure, x=x)


def compare(cells, control, group=""):
    return [replace(cell, group=group, control="" if cell is control else control.name)
            for cell in cells]


def one_net_table(folder, rows, choice):
    """Rows of (name, title, which method of a reading, figure, x); the first is the control."""
    wanted([folder], choice)
    cells = []
    for name in choice.readings:
        reading = READINGS[name]
        made = [cell_of(folder, row, title, reading, method(reading), figure, x)
                for row, title, method, figure, x in rows]
        cells += compare(made, made[0])
    return cells


def table4(choice):
    """The rivals are layers of the net, trained as the baseline is."""
    figures = FIGURES["table4"]
    folder = "resnet50/cifar100"
    wanted([folder], choice)
    cells = []
    for reading in map(READINGS.get, choice.readings):
        made = [cell_of(folder, "baseline", "baseline", reading, reading.baseline,
                        figures["baseline"])]
        made += [with_rival(cell_of(folder, name, f"{RIVALS[name].title}, keep {keep}", reading,
                                    reading.baseline, figures[name]), RIVALS[name])
                 for name, keep in TABLE4_RIVALS]
        made.append(cell_of(folder, "channel_dropback", "ChannelDropBack", reading, reading.method,
                            figures["channel_dropback"]))
        cells += compare(made, made[0])
    return Experiment("table4", "Table 4: regularisers, ResNet-50 on CIFAR-100", cells)


def with_rival(cell, rival):
    return replace(cell, entry=cell.entry._replace(body=partial(cell.entry.body, rival=rival)))


def table6(choice):
    figures = FIGURES["table6"]
    rows = [
        ("baseline", "baseline", lambda reading: reading.baseline, figures["baseline"], None),
        ("fixed_rate", "fixed layer drop rate",
         lambda reading: reading.method.with_options("", **FIXED_RATE), figures["fixed_rate"],
         None),
        ("channel_dropback", "adaptive layer drop rate", lambda reading: reading.method,
         figures["channel_dropback"], None),
        ("no_skip", "adaptive, first layers not skipped",
         lambda reading: reading.method.with_options("", **NO_SKIP), figures["no_skip"], None)]
    return Experiment("table6", "Table 6: layer drop rates, ResNet-34 on CIFAR-100",
                      one_net_table(TABLE6_FOLDER, rows, choice))


def fig1(choice):
    rows = [("baseline", "baseline", lambda reading: reading.baseline, None, None)]
    for rate in CHANNEL_RATES:
        rows.append((f"channel_rate_{rate}", f"channel drop rate {rate}",
                     lambda reading, rate=rate: reading.method.with_options(
                         "", **channel_rate(rate)), None, rate))
    return Experiment("fig1", "Figure 1: channel drop rates, ResNet-34 on CIFAR-100",
                      one_net_table(TABLE6_FOLDER, rows, choice),
                      ["The paper's figure has its best accuracy at 0.5 and gives no numbers."],
                      axis="channel drop rate")


def table7(choice):
    """Baseline and method in turns; the layer drop rate is the one of the end of a run, where
    the method does most."""
    figures = FIGURES["table7"]
    rows = [("baseline", "baseline", lambda reading: reading.baseline, figures["baseline"], None),
            ("channel_dropback", "ChannelDropBack",
             lambda reading: reading.method.with_options("", **FIXED_RATE),
             figures["channel_dropback"], None)]
    cells = [cell.with_recipe(epochs=2) for cell in
             one_net_table("resnet50/cifar100", rows, choice)]
    return Experiment("table7", "Table 7: seconds an epoch, ResNet-50 on CIFAR-100", cells,
                      ["Runs take turns, one at a time. Of each run the first epoch is a warm-up "
                       "and the others count; the layer drop rate is 0.3 all the time. Where not "
                       "all images are trained on, the time is scaled to all of them."],
                      measures_time=True)
