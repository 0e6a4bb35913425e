"""Every net on every data set, one line each."""
from .lenet import lenet
from .recipes import (CIFAR10, CIFAR10_QUICK, CIFAR100, FROM_SCRATCH, MNIST, MNIST_SMALL, Recipe,
                      files_of)
from .resnet import resnet8, resnet18, resnet34, resnet50, resnet101

# LeNet has four learnable layers: only the first is left alone.
LENET = Recipe(epochs=10, weight_decay=5e-4, skip_layers=1)
# Minutes on a CPU.
LENET_QUICK = Recipe(epochs=20, weight_decay=5e-4, skip_layers=1, test_epochs=2,
                     snapshot_epochs=20, display=50)
RESNET8_QUICK = Recipe(epochs=6, base_lr=0.05, snapshot_epochs=6, display=50)


def all_files():
    """All files below `models/`, as a dict from path to text."""
    files = {}
    files |= files_of("lenet", "LeNet", lenet, MNIST, LENET)
    files |= files_of("lenet", "LeNet", lenet, MNIST_SMALL, LENET_QUICK)
    files |= files_of("resnet8", "ResNet-8", resnet8, CIFAR10_QUICK, RESNET8_QUICK)
    for data in (CIFAR10, CIFAR100):
        files |= files_of("resnet18", "ResNet-18", resnet18, data, FROM_SCRATCH)
        files |= files_of("resnet34", "ResNet-34", resnet34, data, FROM_SCRATCH)
        files |= files_of("resnet50", "ResNet-50", resnet50, data, FROM_SCRATCH)
        files |= files_of("resnet101", "ResNet-101", resnet101, data, FROM_SCRATCH)
    return files
