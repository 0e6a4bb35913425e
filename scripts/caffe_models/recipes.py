"""Data sets, training recipes, and the four files that a net on a data set is written to.

The recipe of 32x32 images: 200 epochs of SGD at batch 128, learning rate 0.01 with momentum
0.9 and weight decay 1e-4 on every parameter, divided by 10 after 0.3, 0.6 and 0.8 of the run.
"""
import math
from dataclasses import dataclass, field, replace

from .net import Blob, Net
from .prototxt import Word, write

FILES = ("train_val", "deploy", "solver_baseline", "solver_channel_dropback")


@dataclass(frozen=True)
class DataSet:
    """Images in LMDB files `data/<name>/{train,test}_lmdb`, relative to where Caffe runs."""
    name: str
    classes: int
    train_images: int
    test_images: int
    channels: int
    size: int
    train_batch: int
    transform: dict      # of both phases
    augmentation: dict = field(default_factory=dict)  # of the training phase only
    top_5: bool = False
    test_batch: int = 100


def in_byte_units(values):
    """Per-channel figures on a 0..1 scale, as the 0..255 pixels want them."""
    return [255 * value for value in values]


def cifar(name, classes, mean, std, **kwargs):
    """CIFAR in RGB order: out = (pixel - mean) / std."""
    return DataSet(name, classes, train_images=50000, test_images=10000, channels=3, size=32,
                   train_batch=128,
                   transform={"crop_size": 32, "mean_value": in_byte_units(mean),
                              "std_value": in_byte_units(std)},
                   augmentation={"pad": 4, "mirror": True, "rotation": 15}, **kwargs)


CIFAR10 = cifar("cifar10", 10, (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010))
CIFAR100 = cifar("cifar100", 100, (0.50708, 0.48655, 0.44092), (0.26733, 0.25644, 0.27615),
                 top_5=True)
MNIST = DataSet("mnist", 10, train_images=60000, test_images=10000, channels=1, size=28,
                train_batch=64, transform={"crop_size": 28, "scale": 0.00390625})

# The small sets that scripts/quickstart makes.
CIFAR10_QUICK = replace(CIFAR10, name="cifar10_quick", train_images=20000)
MNIST_SMALL = replace(MNIST, name="mnist_small", train_images=5000, test_images=1000)


@dataclass(frozen=True)
class Recipe:
    epochs: int
    base_lr: float = 0.01
    weight_decay: float = 1e-4
    decays: tuple = (0.3, 0.6, 0.8)   # shares of the run after which the rate is divided by 10
    skip_layers: int = 4              # first learnable layers that are never dropped
    test_epochs: int = 1
    snapshot_epochs: int = 10
    display: int = 100


FROM_SCRATCH = Recipe(epochs=200)


def files_of(net_name, title, body, data, recipe):
    """The texts of a net on a data set, as a dict from path below `models/` to text.

    `body(net, x, classes)` adds the layers from the image blob `x` to the class scores.
    """
    folder = f"{net_name}/{data.name}"
    solver = {kind: solver_text(folder, kind, data, recipe)
              for kind in ("baseline", "channel_dropback")}
    texts = (train_val_text(title, body, data), deploy_text(title, body, data),
             solver["baseline"], solver["channel_dropback"])
    return {f"{folder}/{name}.prototxt": text for name, text in zip(FILES, texts)}


def train_val_text(title, body, data):
    net = Net(title)
    image = Blob("data", data.channels, data.size)
    for phase in ("TRAIN", "TEST"):
        net.layers.append(data_layer(data, phase))
    scores = body(net, image, data.classes)
    bottoms = [scores, Blob("label", 1, 1)]
    net.add("SoftmaxWithLoss", "loss", bottoms, Blob("loss", 1, 1))
    test_only = {"include": {"phase": Word("TEST")}}
    net.add("Accuracy", "accuracy", bottoms, Blob("accuracy", 1, 1), **test_only)
    if data.top_5:
        net.add("Accuracy", "accuracy_top5", bottoms, Blob("accuracy_top5", 1, 1), **test_only,
                accuracy_param={"top_k": 5})
    return HEADER + write({"name": net.name, "layer": net.layers})


def data_layer(data, phase):
    train = phase == "TRAIN"
    source = {"source": f"data/{data.name}/{'train' if train else 'test'}_lmdb",
              "batch_size": data.train_batch if train else data.test_batch,
              "backend": Word("LMDB")}
    if train:
        source["shuffle"] = True
    return {"name": "data", "type": "Data", "top": ["data", "label"],
            "include": {"phase": Word(phase)},
            "transform_param": {**data.transform, **(data.augmentation if train else {})},
            "data_param": source}


def deploy_text(title, body, data):
    """The net behind an Input layer, with fields that every reader of Caffe models knows."""
    net = Net(title)
    image = net.add("Input", "data", [], Blob("data", data.channels, data.size),
                    input_param={"shape": {"dim": [1, data.channels, data.size, data.size]}})
    scores = body(net, image, data.classes)
    net.add("Softmax", "prob", [scores], Blob("prob", data.classes, 1))
    return HEADER + write({"name": net.name,
                           "layer": [without_training(layer) for layer in net.layers]})


def without_training(layer):
    """A layer without learning rates and fillers."""
    return {name: {key: value for key, value in part.items() if not key.endswith("filler")}
            if isinstance(part, dict) else part
            for name, part in layer.items() if name != "param"}


def solver_text(folder, kind, data, recipe):
    epoch = math.ceil(data.train_images / data.train_batch)
    iterations = recipe.epochs * epoch
    solver = {
        "net": f"models/{folder}/train_val.prototxt",
        "test_iter": math.ceil(data.test_images / data.test_batch),
        "test_interval": recipe.test_epochs * epoch,
        "base_lr": recipe.base_lr,
        "momentum": 0.9,
        "weight_decay": recipe.weight_decay,
        "lr_policy": "multistep",
        "gamma": 0.1,
        "stepvalue": [round(share * iterations) for share in recipe.decays],
        "max_iter": iterations,
        "display": recipe.display,
        "average_loss": recipe.display,
        "snapshot": recipe.snapshot_epochs * epoch,
        "snapshot_prefix": f"models/{folder}/{kind}",
        "random_seed": 1,
    }
    if kind == "channel_dropback":
        solver["type"] = "ChannelDropBack"
        solver["channel_dropback_param"] = {
            "semantics": Word("PAPER"),
            "skip_layers": recipe.skip_layers,
            "layer_drop_rate": {"policy": "adaptive", "initial": 0.01, "final": 0.3},
            "channel_drop_rate": {"policy": "fixed", "value": 0.5},
        }
    return HEADER + write(solver)


HEADER = "# Written by scripts/generate_models.py.\n"
