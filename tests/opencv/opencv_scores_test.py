#!/usr/bin/env python3
"""Trains nets for a few iterations and compares their class scores with those of OpenCV's DNN
module, which reads the deploy.prototxt and the caffemodel that we wrote.

    opencv_scores_test.py TOOLS_DIR

Exits with 77 (skipped) where Python has no OpenCV.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import cv2
    import numpy as np
except ImportError as missing:
    print(f"SKIPPED: {missing}")
    sys.exit(77)

SOURCE = Path(__file__).resolve().parents[2]
MODELS = SOURCE / "models"
# Each brings kinds of layers of its own: shortcuts; concatenation; ReLU6; swish and
# squeeze-and-excitation; a pooling that is cut and a channel shuffle.
NETS = ["resnet18/cifar10", "densenet121/cifar10", "mobilenetv2/imagenet",
        "efficientnet_b0/imagenet", "shufflenetv2_x0_5/imagenet"]
TOLERANCE = 1e-4

SOLVER = """net: "train_val.prototxt" base_lr: 0.0003 lr_policy: "fixed" momentum: 0.9 max_iter: 6
display: 1 snapshot_prefix: "run" solver_mode: CPU random_seed: 1
type: "ChannelDropBack"
channel_dropback_param { layer_drop_rate { policy: "fixed" value: 0.5 } }
"""


def run(*command, cwd):
    done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr[-3000:]}")


def stripes(label, size, numbers):
    """An image of 0 to 1 with stripes of a class's width."""
    x = np.arange(size) * 32 // size
    return (x // (label + 1) % 2) * numbers.uniform(0.5, 1, (3, 1, 1)) * np.ones((size, 1))


def write_images(folder, numbers):
    """CIFAR-10's binary files."""
    folder.mkdir()
    for name in [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]:
        records = bytearray()
        for label in numbers.integers(0, 10, 40):
            image = 255 * stripes(label, 32, numbers)
            records += bytes([label]) + image.astype(np.uint8).tobytes()
        (folder / name).write_bytes(records)


def agrees(folder, tools, numbers, work):
    size = 224 if folder.endswith("imagenet") else 32
    for name in ("train_val.prototxt", "deploy.prototxt"):
        net = (MODELS / folder / name).read_text().replace("data/imagenet", "data/cifar10")
        net = re.sub(r"batch_size: \d+", "batch_size: 8", net)
        # Of ten classes, so that no score is small.
        (work / name).write_text(re.sub(r"num_output: 1000\b", "num_output: 10", net))
    (work / "solver.prototxt").write_text(SOLVER)
    run(tools / "caffe", "train", "--solver", "solver.prototxt", cwd=work)

    images = np.stack([4 * stripes(label, size, numbers) - 2 for label in range(4)])
    images = images.astype(np.float32)
    (work / "images").write_bytes(images.tobytes())
    weights = work / "run_iter_6.caffemodel"
    run(tools / "dump_scores", work / "deploy.prototxt", weights, "images", "scores", cwd=work)
    ours = np.fromfile(work / "scores", np.float32).reshape(4, -1)
    other = cv2.dnn.readNetFromCaffe(str(work / "deploy.prototxt"), str(weights))
    other.setInput(images)
    difference = np.abs(ours - other.forward().reshape(4, -1)).max()
    spread = np.ptp(ours, axis=0).max()
    print(f"{folder}: OpenCV {cv2.__version__}, largest difference of a class score "
          f"{difference:.2g}, scores spread over {spread:.2g}", flush=True)
    return difference <= TOLERANCE and spread > 0.01


def main():
    tools = Path(sys.argv[1]).resolve()
    numbers = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        write_images(work / "raw", numbers)
        run(tools / "convert_cifar", "cifar10", "raw", "data/cifar10", "--any_count", cwd=work)
        results = [agrees(folder, tools, numbers, work) for folder in NETS]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
