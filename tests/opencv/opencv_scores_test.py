#!/usr/bin/env python3
"""Trains ResNet-18 for a few iterations and compares its class scores with those of OpenCV's DNN
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
MODEL = SOURCE / "models" / "resnet18" / "cifar10"
TOLERANCE = 1e-4

SOLVER = """net: "net.prototxt" base_lr: 0.01 lr_policy: "fixed" momentum: 0.9 max_iter: 6
display: 1 snapshot_prefix: "run" solver_mode: CPU random_seed: 1
type: "ChannelDropBack"
channel_dropback_param { layer_drop_rate { policy: "fixed" value: 0.5 } }
"""


def run(*command, cwd):
    done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr[-3000:]}")


def write_images(folder, numbers):
    """CIFAR-10's binary files with images that differ by class: stripes of a class's width."""
    folder.mkdir()
    x = np.arange(32)
    for name in [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]:
        labels = numbers.integers(0, 10, 40)
        records = bytearray()
        for label in labels:
            stripes = 255 * ((x // (label + 1)) % 2)
            image = np.broadcast_to(stripes, (3, 32, 32)) * numbers.uniform(0.5, 1, (3, 1, 1))
            records += bytes([label]) + image.astype(np.uint8).tobytes()
        (folder / name).write_bytes(records)


def main():
    tools = Path(sys.argv[1]).resolve()
    numbers = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        write_images(work / "raw", numbers)
        run(tools / "convert_cifar", "cifar10", "raw", "data/cifar10", "--any_count", cwd=work)
        net = re.sub(r"batch_size: \d+", "batch_size: 8", (MODEL / "train_val.prototxt").read_text())
        (work / "net.prototxt").write_text(net)
        (work / "solver.prototxt").write_text(SOLVER)
        run(tools / "caffe", "train", "--solver", "solver.prototxt", cwd=work)

        images = numbers.normal(0, 1, (16, 3, 32, 32)).astype(np.float32)
        (work / "images").write_bytes(images.tobytes())
        weights = work / "run_iter_6.caffemodel"
        run(tools / "dump_scores", MODEL / "deploy.prototxt", weights, "images", "scores", cwd=work)
        ours = np.fromfile(work / "scores", np.float32).reshape(16, 10)
        other = cv2.dnn.readNetFromCaffe(str(MODEL / "deploy.prototxt"), str(weights))
        other.setInput(images)
        difference = np.abs(ours - other.forward().reshape(16, 10)).max()
    spread = np.ptp(ours, axis=0).max()
    print(f"OpenCV {cv2.__version__}: largest difference of a class score {difference:.2g}, "
          f"scores spread over {spread:.2g}")
    sys.exit(0 if difference <= TOLERANCE and spread > 0.01 else 1)


if __name__ == "__main__":
    main()
