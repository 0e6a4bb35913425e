"""Training recipes, and the files that a net on a data set is written to.

From scratch, on images of 32x32: 200 epochs of SGD at batch 128, learning rate 0.01 with momentum
0.9 and weight decay 1e-4 on every parameter, divided by 10 after 0.3, 0.6 and 0.8 of the run; the
layer drop rate rises from 0.01 to 0.3 with the falls of the learning rate. Fine-tuning, on images
of 224x224: batch 256, decays after 0.3, 0.6 and 0.85, layer drop rate 0.03 to 0.3.
"""
import functools
import math
from dataclasses import dataclass, replace

from .methods import BASELINE, PAPER
from .net import Blob, Net
from .prototxt import Word, write
from .rivals import RIVALS

FILES = ("train_val", "deploy", "solver_baseline", "solver_channel_dropback")


@dataclass(frozen=True)
class Recipe:
    epochs: int
    batch: int = 128
    iter_size: int = 1                # batches whose gradients make one update
    test_batch: int = 100
    base_lr: float = 0.01
    weight_decay: float = 1e-4
    decays: tuple = (0.3, 0.6, 0.8)   # shares of the run after which the rate is divided by 10;
                                      # none: a cosine
    warmup: int = 0                   # iterations of linear warm-up
    clip: float = 0                   # largest norm of the gradient; 0: any
    layer_drop_rate: tuple = (0.01, 0.3)
    channel_drop_rate: float = 0.5
    skip_layers: int = 4              # first learnable layers that are never dropped
    reference_base: str = ""          # update rule of the authors' code, if not Nesterov
    pretrained: bool = False          # wants weights to start from
    test_epochs: int = 1
    snapshot_epochs: int = 10
    display: int = 100

    def epoch(self, data):
        """Iterations of an epoch."""
        return math.ceil(data.train_images / (self.batch * self.iter_size))


FROM_SCRATCH = Recipe(epochs=200)
# 26,032 test images are 1,627 batches of 16.
FROM_SCRATCH_SVHN = replace(FROM_SCRATCH, test_batch=16)
# The paper trains nothing from scratch on ImageNet: rate and epochs are the customary ones.
FROM_SCRATCH_IMAGENET = Recipe(epochs=90, batch=256, base_lr=0.1, snapshot_epochs=5)
FINE_TUNING = Recipe(epochs=85, batch=256, decays=(0.3, 0.6, 0.85), layer_drop_rate=(0.03, 0.3),
                     channel_drop_rate=0.3, skip_layers=3, pretrained=True, snapshot_epochs=5)
VIT = replace(FINE_TUNING, base_lr=0.001, decays=(), warmup=500, clip=1.0,
              reference_base="SGD")


def short(recipe):
    """The run on ImageNet that is as long as the paper's."""
    return replace(recipe, epochs=10, snapshot_epochs=1)


def in_parts(recipe, parts, test_batch):
    """The same updates from smaller batches, for nets without batch norm."""
    return replace(recipe, batch=recipe.batch // parts, iter_size=recipe.iter_size * parts,
                   test_batch=test_batch)


def files_of(net_name, title, body, data, recipe, rivals=()):
    """The texts of a net on a data set, as a dict from path below `models/` to text.

    `body(net, x, classes)` adds the layers from the image blob `x` to the class scores. For each
    of `rivals`, names in RIVALS, there is a net and a solver more; `body` has to take a `rival`.
    """
    folder = f"{net_name}/{data.name}"
    def solver(name, method, net="train_val"):
        return solver_text(f"models/{folder}/{net}.prototxt", f"models/{folder}/{name}", method,
                           data, recipe)

    texts = (train_val_text(title, body, data, recipe), deploy_text(title, body, data),
             solver("baseline", BASELINE), solver("channel_dropback", PAPER))
    files = {f"{folder}/{name}.prototxt": text for name, text in zip(FILES, texts)}
    for rival in rivals:
        files |= rival_files(folder, title, body, data, recipe, rival)
        files[f"{folder}/solver_{rival}.prototxt"] = solver(rival, BASELINE, f"train_val_{rival}")
    return files


def rival_files(folder, title, body, data, recipe, name):
    """The net with a rival, and the net to deploy where it is not the plain one."""
    rival = RIVALS[name]
    body = functools.partial(body, rival=rival)
    texts = {"train_val": train_val_text(title, body, data, recipe)}
    if rival.changes_test:
        texts["deploy"] = deploy_text(title, body, data)
    return {f"{folder}/{kind}_{name}.prototxt": text for kind, text in texts.items()}


def image_blob(data):
    return Blob("data", (data.channels, data.size, data.size))


def training_net(title, body, data, recipe):
    net = Net(title)
    for phase in ("TRAIN", "TEST"):
        net.layers.append(data_layer(data, recipe, phase))
    scores = body(net, image_blob(data), data.classes)
    bottoms = [scores, Blob("label", ())]
    net.add("SoftmaxWithLoss", "loss", bottoms, Blob("loss", ()))
    test_only = {"include": {"phase": Word("TEST")}}
    net.add("Accuracy", "accuracy", bottoms, Blob("accuracy", ()), **test_only)
    if data.top_5:
        net.add("Accuracy", "accuracy_top5", bottoms, Blob("accuracy_top5", ()), **test_only,
                accuracy_param={"top_k": 5})
    return net


def train_val_text(title, body, data, recipe):
    net = training_net(title, body, data, recipe)
    images = f"# Images of {data.folder}: {data.images}.\n"
    return HEADER + images + write({"name": net.name, "layer": net.layers})


def data_layer(data, recipe, phase):
    train = phase == "TRAIN"
    source = {"source": f"{data.folder}/{'train' if train else 'test'}_lmdb",
              "batch_size": recipe.batch if train else recipe.test_batch,
              "backend": Word("LMDB")}
    if train:
        source["shuffle"] = True
    return {"name": "data", "type": "Data", "top": ["data", "label"],
            "include": {"phase": Word(phase)},
            "transform_param": data.train_transform if train else data.test_transform,
            "data_param": source}


def deploy_text(title, body, data):
    """The net behind an Input layer, with fields that every reader of Caffe models knows."""
    net = Net(title, portable=True)
    image = net.add("Input", "data", [], image_blob(data),
                    input_param={"shape": {"dim": [1, data.channels, data.size, data.size]}})
    scores = body(net, image, data.classes)
    net.add("Softmax", "prob", [scores], Blob("prob", scores.shape))
    return HEADER + write({"name": net.name,
                           "layer": [without_training(layer) for layer in net.layers]})


def without_training(layer):
    """A layer without learning rates, fillers and the running average of batch norm."""
    return {name: {key: value for key, value in part.items() if not key.endswith("filler")}
            if isinstance(part, dict) else part
            for name, part in layer.items() if name not in ("param", "batch_norm_param")}


def solver_text(net, prefix, method, data, recipe, **more):
    """`net` is the net's file, `prefix` that of snapshots, `method` a methods.Method; `more` are
    fields to add or to replace."""
    epoch = recipe.epoch(data)
    iterations = recipe.epochs * epoch
    solver = {
        "net": net,
        "test_iter": math.ceil(data.test_images / recipe.test_batch),
        "test_interval": recipe.test_epochs * epoch,
        **learning(recipe, iterations),
        "max_iter": iterations,
        "display": recipe.display,
        "average_loss": recipe.display,
        "snapshot": recipe.snapshot_epochs * epoch,
        "snapshot_prefix": prefix,
        "random_seed": 1,
        **method.fields(recipe, iterations),
        **more,
    }
    return HEADER + length_of_run(recipe, epoch) + method.comment + write(solver)


def learning(recipe, iterations):
    fields = {"base_lr": recipe.base_lr, "momentum": 0.9, "weight_decay": recipe.weight_decay}
    if recipe.decays:
        fields |= {"lr_policy": "multistep", "gamma": 0.1,
                   "stepvalue": [round(share * iterations) for share in recipe.decays]}
    else:
        fields["lr_policy"] = "cosine"
    if recipe.warmup:
        fields["warmup_iter"] = recipe.warmup
    if recipe.clip:
        fields["clip_gradients"] = recipe.clip
    if recipe.iter_size > 1:
        fields["iter_size"] = recipe.iter_size
    return fields


def length_of_run(recipe, epoch):
    batch = f"{recipe.batch * recipe.iter_size} images"
    if recipe.iter_size > 1:
        batch += f" ({recipe.iter_size} batches of {recipe.batch})"
    text = f"# {recipe.epochs} epochs of {epoch} iterations of {batch}.\n"
    if recipe.pretrained:
        text += "# Fine-tuning: start it with --weights FILE.\n"
    return text


HEADER = "# Written by scripts/generate_models.py.\n"
