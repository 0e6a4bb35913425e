"""Every net on every data set, one line each."""
from .lenet import lenet
from .recipes import CIFAR10, CIFAR100, FROM_SCRATCH, MNIST, Recipe, files_of
from .resnet import resnet8, resnet18


def all_files():
    """All files below `models/`, as a dict from path to text."""
    files = {}
    # LeNet has four learnable layers: only the first is left alone.
    files |= files_of("lenet", "LeNet", lenet, MNIST,
                      Recipe(epochs=10, weight_decay=5e-4, skip_layers=1, snapshot_epochs=5))
    files |= files_of("resnet8", "ResNet-8", resnet8, CIFAR10, Recipe(epochs=20))
    for data in (CIFAR10, CIFAR100):
        files |= files_of("resnet18", "ResNet-18", resnet18, data, FROM_SCRATCH)
    return files
