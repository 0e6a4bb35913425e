"""Solvers beyond the two of every folder: those of the paper's tables.

In every folder that Tables 1, 2, 3 and 5 name: both solvers as the authors' code has them. For
ResNet-34 on CIFAR-100, in folders of their own: Table 6 (policies of the layer drop rate) and
Figure 1 (channel drop rates).
"""
from dataclasses import replace

from .methods import (FIXED_RATE, NO_SKIP, PAPER, REFERENCE, REFERENCE_BASELINE, channel_rate)
from .recipes import solver_text

TABLES = {
    "table1": ["vit_b16/cifar10", "vit_b16/cifar100", "vit_b16/imagenet", "vit_l16/cifar10",
               "vit_l16/cifar100", "vit_l16/imagenet", "vit_b16/imagenet_384",
               "vit_l16/imagenet_384"],
    "table2": ["resnet50/svhn_224", "resnet50/cifar10_224", "resnet50/cifar100_224"],
    "table3": [f"{net}/{data}" for net in ("mobilenetv2", "efficientnet_b0", "shufflenetv2_x0_5",
                                           "shufflenetv2_x1_0", "densenet121", "resnet50")
               for data in ("cifar10", "cifar100")],
    "table5": [f"resnet{depth}/cifar100" for depth in (18, 34, 50, 101)],
}
FOLDERS = {folder for folders in TABLES.values() for folder in folders}

TABLE6_FOLDER = "resnet34/cifar100"
CHANNEL_RATES = [tenth / 10 for tenth in range(1, 10)]

READINGS = {"": PAPER, "_reference": REFERENCE}


def as_in_the_code(recipe):
    """From scratch, the authors' code decays weights five times as much, and the learning rate
    later. Where the paper is silent, the recipes of fine-tuning are the code's already."""
    if recipe.pretrained:
        return recipe
    return replace(recipe, weight_decay=5e-4, decays=(0.3, 0.6, 0.85))


def extra_solvers(entry):
    """Of a catalogue.Entry, as a dict from path below `models/` to text."""
    folder = f"{entry.net}/{entry.data.name}"
    code = as_in_the_code(entry.recipe)
    found = {}
    if folder in FOLDERS:
        found["solver_baseline_reference"] = REFERENCE_BASELINE, code
        found["solver_channel_dropback_reference"] = REFERENCE, code
    if folder == TABLE6_FOLDER:
        for ending, method in READINGS.items():
            recipe = code if method is REFERENCE else entry.recipe
            for name, options in (("fixed_rate", FIXED_RATE), ("no_skip", NO_SKIP)):
                found[f"table6/solver_{name}{ending}"] = method.with_options("", **options), recipe
            for rate in CHANNEL_RATES:
                found[f"fig1/solver_{rate}{ending}"] = (
                    method.with_options("", **channel_rate(rate)), recipe)
    return {f"{folder}/{name}.prototxt": solver_text(
                f"models/{folder}/train_val.prototxt",
                f"models/{folder}/{name.replace('solver_', '')}", method, entry.data, recipe)
            for name, (method, recipe) in found.items()}
