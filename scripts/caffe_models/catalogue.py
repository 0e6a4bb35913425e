"""Every net on every data set."""
from dataclasses import replace
from typing import Callable, NamedTuple

from .data_sets import (CIFAR10, CIFAR10_QUICK, CIFAR100, IMAGENET, MNIST, MNIST_SMALL, SVHN,
                        DataSet, for_fine_tuning, for_vit)
from .densenet import densenet121
from .efficientnet import efficientnet_b0
from .lenet import lenet
from .mobilenet import mobilenetv2
from .paper_tables import extra_solvers
from .readme import readme_text
from .recipes import (FINE_TUNING, FROM_SCRATCH, FROM_SCRATCH_IMAGENET, FROM_SCRATCH_SVHN, VIT,
                      Recipe, files_of, in_parts, short)
from .resnet import resnet8, resnet18, resnet34, resnet50, resnet101
from .rivals import RIVALS
from .shufflenet import shufflenetv2_x0_5, shufflenetv2_x1_0
from .vit import vit_b16, vit_l16, vit_tiny

# LeNet has four learnable layers: only the first is left alone.
LENET = Recipe(epochs=10, batch=64, weight_decay=5e-4, skip_layers=1)
# Minutes on a CPU.
LENET_QUICK = Recipe(epochs=20, batch=64, weight_decay=5e-4, skip_layers=1, test_epochs=2,
                     snapshot_epochs=20, display=50)
RESNET8_QUICK = Recipe(epochs=6, base_lr=0.05, snapshot_epochs=6, display=50)

CONVOLUTIONAL = {"resnet18": ("ResNet-18", resnet18), "resnet34": ("ResNet-34", resnet34),
                 "resnet50": ("ResNet-50", resnet50), "resnet101": ("ResNet-101", resnet101),
                 "mobilenetv2": ("MobileNetV2", mobilenetv2),
                 "efficientnet_b0": ("EfficientNet-B0", efficientnet_b0),
                 "densenet121": ("DenseNet-121", densenet121),
                 "shufflenetv2_x0_5": ("ShuffleNetV2 x0.5", shufflenetv2_x0_5),
                 "shufflenetv2_x1_0": ("ShuffleNetV2 x1.0", shufflenetv2_x1_0)}

# The sizes of the parts keep the training of each below 24 GB.
VIT_B = in_parts(VIT, parts=8, test_batch=50)
VIT_L = in_parts(VIT, parts=16, test_batch=20)
VIT_B_384 = in_parts(VIT, parts=16, test_batch=20)
VIT_L_384 = in_parts(VIT, parts=32, test_batch=10)
# From scratch, on one machine.
VIT_TINY = Recipe(epochs=200, base_lr=0.05, decays=(), warmup=2000, clip=1.0)


class Entry(NamedTuple):
    """A net on a data set: a folder below `models/`."""
    net: str
    title: str
    body: Callable
    data: DataSet
    recipe: Recipe
    rivals: tuple = ()


def entries():
    yield Entry("lenet", "LeNet", lenet, MNIST, LENET)
    yield Entry("lenet", "LeNet", lenet, MNIST_SMALL, LENET_QUICK)
    yield Entry("resnet8", "ResNet-8", resnet8, CIFAR10_QUICK, RESNET8_QUICK)
    for name, (title, body) in CONVOLUTIONAL.items():
        net = name, title, body
        yield Entry(*net, CIFAR10, FROM_SCRATCH)
        # The net in which the paper compares.
        rivals = tuple(RIVALS) if name == "resnet50" else ()
        yield Entry(*net, CIFAR100, FROM_SCRATCH, rivals)
        yield Entry(*net, SVHN, FROM_SCRATCH_SVHN)
        if name != "resnet50":
            yield Entry(*net, IMAGENET, FROM_SCRATCH_IMAGENET)
            continue
        for data in (CIFAR10, CIFAR100, SVHN):
            test_batch = FROM_SCRATCH_SVHN.test_batch if data is SVHN else 100
            yield Entry(*net, for_fine_tuning(data),
                        replace(FINE_TUNING, test_batch=test_batch))
        yield Entry(*net, for_fine_tuning(IMAGENET), short(FINE_TUNING))
    for net, small, large in ((("vit_b16", "ViT-B/16", vit_b16), VIT_B, VIT_B_384),
                              (("vit_l16", "ViT-L/16", vit_l16), VIT_L, VIT_L_384)):
        yield Entry(*net, for_vit(CIFAR10), small)
        yield Entry(*net, for_vit(CIFAR100), small)
        yield Entry(*net, for_vit(IMAGENET), short(small))
        yield Entry(*net, for_vit(IMAGENET, 384), short(large))
    yield Entry("vit_tiny", "ViT-Ti/4", vit_tiny, CIFAR100, VIT_TINY)


def all_files():
    """All files below `models/`, as a dict from path to text."""
    files = {"README.md": readme_text(entries())}
    for entry in entries():
        files |= files_of(*entry)
        files |= extra_solvers(entry)
    return files
