"""The small form of an experiment: minutes on a CPU, from end to end.

Narrow nets, few images, few epochs, and no image larger than 48 x 48. It shows that a table's
command works; its accuracies say nothing about the methods.
"""
from dataclasses import replace
from functools import partial

from caffe_models.data_sets import CIFAR10, CIFAR100, SVHN, for_vit
from caffe_models.methods import BASELINE
from caffe_models.vit import vit

from .experiment import Cell

# What is not given on the command line. So little work is done fastest by one thread a run.
DEFAULTS = {"seeds": 2, "epochs": 4, "batch": 25, "width": 0.125, "lr": 0.05, "images": 600,
            "test_images": 300, "threads": 1}
PRETRAINING_EPOCHS = 2

SMALL_DATA = {"cifar10": CIFAR10, "cifar100": CIFAR100, "svhn": SVHN,
              # A hundred classes in place of a thousand.
              "imagenet": replace(CIFAR100, name="imagenet", source="imagenet")}


def small_vit(net, image, classes, depth, heads, width=1):
    """Small as it is: `width` narrows other nets."""
    return vit(net, image, classes, patch=8, depth=depth, heads=heads)


VITS = {"vit_b16": partial(small_vit, depth=4, heads=1),
        "vit_l16": partial(small_vit, depth=6, heads=2)}

NOTE = ("**Small form.** Narrow nets, few images of at most 48 x 48 and few epochs: the command "
        "works, and the accuracies say nothing about the methods.")
NOTE_PRETRAINING = ("The nets that are fine-tuned start from a short training on generated images "
                    "of a hundred classes, in place of pretrained weights.")


def small(experiment, weights):
    """`weights`: whether the nets that are fine-tuned get a short pretraining."""
    pretraining = {}
    cells = []
    for cell in experiment.cells:
        cell = replace(cell, entry=small_entry(cell.entry))
        if cell.entry.recipe.pretrained and weights:
            first = pretraining_of(cell)
            pretraining[first.name] = first
            cell = replace(cell, weights=first.name)
        cells.append(cell)
    notes = [NOTE] + ([NOTE_PRETRAINING] if pretraining else [])
    return replace(experiment, cells=cells, notes=notes + experiment.notes,
                   pretraining=list(pretraining.values()))


def small_entry(entry):
    data = SMALL_DATA[entry.data.source]
    body = entry.body
    if entry.net in VITS:
        data = for_vit(data, 48 if entry.data.size == 384 else 32)
        body = VITS[entry.net]
    # The folder of the full form keeps the name.
    return entry._replace(body=body, data=replace(data, name=entry.data.name))


def pretraining_of(cell):
    """The same net on generated images. Its classifier has a name of its own, as that of another
    number of classes must."""
    entry = cell.entry
    name = f"pretraining_{entry.net}_{entry.data.size}"
    data = SMALL_DATA["imagenet"]
    if entry.net in VITS:
        data = for_vit(data, entry.data.size)
    entry = entry._replace(body=partial(with_other_classifier, body=entry.body), data=data,
                           recipe=replace(entry.recipe, epochs=PRETRAINING_EPOCHS))
    return Cell(name, f"{entry.title}, pretraining", entry, BASELINE)


def with_other_classifier(net, image, classes, body, **kwargs):
    scores = body(net, image, classes, **kwargs)
    net.layers[-1]["name"] = "pretraining_classifier"
    return scores
