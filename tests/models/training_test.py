#!/usr/bin/env python3
"""Trains nets of models/ for 30 iterations on a few real images: the loss has to fall.

    training_test.py TOOLS_DIR [FOLDER...]

The images are 16 of CIFAR-10 or CIFAR-100 (of MNIST for LeNet), prepared as the net's file says,
with the method on and at a fixed rate. Four small nets, or with CAFFE_TEST_FULL=1 all of them, or
the folders that are named, such as vit_b16/cifar10. Needs CIFAR as mosaics: the folder `data` of
$CAFFE_SHARED_DATA, or ../shared/data beside the source tree; exits with 77 (skipped) without.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

SOURCE = Path(__file__).resolve().parents[2]
MODELS = SOURCE / "models"
SKIPPED = 77

QUICK = ["shufflenetv2_x0_5/cifar10", "mobilenetv2/svhn", "efficientnet_b0/cifar100",
         "vit_tiny/cifar100"]
IMAGES = 16
ITERATIONS = 30
# Largest quotient of the mean losses of the last and the first five iterations.
FALL = 0.9

SOLVER = """net: "net.prototxt" base_lr: {rate} lr_policy: "fixed" momentum: 0.9 weight_decay: 1e-4
max_iter: {iterations} display: 1 snapshot_after_train: false random_seed: 1 clip_gradients: 5
type: "ChannelDropBack"
channel_dropback_param {{ skip_layers: 1 layer_drop_rate {{ policy: "fixed" value: 0.3 }} }}
"""


def shared_data():
    for place in (os.environ.get("CAFFE_SHARED_DATA"), SOURCE.parent / "shared" / "data"):
        if place and (Path(place) / "cifar100").is_dir():
            return Path(place)
    print("SKIPPED: no data; set CAFFE_SHARED_DATA")
    sys.exit(SKIPPED)


def run(*command, cwd):
    done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr[-3000:]}")
    return done.stderr


def write_cifar(mosaic, labels, targets):
    """The first images of a mosaic of 50 x 50, as records of CIFAR's binary files."""
    pixels = np.asarray(Image.open(mosaic).convert("RGB")).reshape(50, 32, 50, 32, 3)
    pixels = pixels.transpose(0, 2, 4, 1, 3).reshape(2500, 3072)[:IMAGES]
    labels = np.fromfile(labels, np.uint8)
    labels = labels.reshape(-1, labels.size // 10000)[:IMAGES]
    for target in targets:
        target.parent.mkdir(parents=True, exist_ok=True)
        np.concatenate([labels, pixels], 1).tofile(target)


def prepare(tools, data, work):
    """Databases data/cifar10, data/cifar100 and data/mnist below `work`."""
    ten, hundred = work / "raw10", work / "raw100"
    write_cifar(data / "cifar10" / "test_batch.00.webp", data / "cifar10" / "test_batch.labels",
                [ten / "data_batch_1.bin", ten / "test_batch.bin"])
    write_cifar(data / "cifar100" / "test.00.webp", data / "cifar100" / "test.labels",
                [hundred / "train.bin", hundred / "test.bin"])
    run(tools / "convert_cifar", "cifar10", ten, "data/cifar10", "--batches", "1", "--any_count",
        cwd=work)
    run(tools / "convert_cifar", "cifar100", hundred, "data/cifar100", "--any_count", cwd=work)
    run(tools / "convert_mnist", SOURCE / "datasets" / "mnist_small", "data/mnist",
        cwd=work)


def write_run(folder, work):
    """The net of a folder on the small data, and a solver."""
    name, form = folder.split("/")
    large = name.startswith(("vit_b", "vit_l")) or form.endswith(("imagenet", "_224"))
    batch = 2 if name.startswith(("vit_b", "vit_l")) else 4 if large else 8
    net = (MODELS / folder / "train_val.prototxt").read_text()
    net = re.sub(r"batch_size: \d+", f"batch_size: {batch}", net)
    net = net.replace('"data/svhn/', '"data/cifar10/').replace('"data/mnist_small/', '"data/mnist/')
    net = net.replace('"data/cifar10_quick/', '"data/cifar10/')
    net = net.replace('"data/imagenet/', '"data/cifar10/')
    (work / "net.prototxt").write_text(net)
    # Forms for fine-tuning start from anywhere here, which takes smaller steps.
    rate = 0.01 if name in ("vit_tiny", "efficientnet_b0") else \
        0.002 if name.startswith("vit") else 0.005 if form.endswith("_224") else 0.02
    (work / "solver.prototxt").write_text(SOLVER.format(rate=rate, iterations=ITERATIONS))


def losses(log):
    return [float(loss) for loss in re.findall(r"Iteration \d+ .*loss = (\S+)", log)]


def trains(folder, tools, work):
    write_run(folder, work)
    found = losses(run(tools / "caffe", "train", "--solver", "solver.prototxt", cwd=work))
    if len(found) < ITERATIONS:
        sys.exit(f"{folder}: {len(found)} losses in the log, wanted {ITERATIONS}")
    before, after = np.mean(found[:5]), np.mean(found[-5:])
    good = after < FALL * before
    print(f"{folder}: loss {before:.3f} -> {after:.3f}{'' if good else ', DOES NOT FALL'}",
          flush=True)
    return good


def folders():
    """Of all nets; those for SVHN are the ones for CIFAR-10."""
    return sorted(str(path.parent.relative_to(MODELS)) for path in
                  MODELS.rglob("train_val.prototxt") if "svhn" not in str(path))


def main():
    tools = Path(sys.argv[1]).resolve()
    full = os.environ.get("CAFFE_TEST_FULL")
    chosen = sys.argv[2:] or (folders() if full else QUICK)
    data = shared_data()
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        prepare(tools, data, work)
        results = [trains(folder, tools, work) for folder in chosen]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
