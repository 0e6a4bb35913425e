#!/usr/bin/env python3
"""What `caffe summary` says of the peak of a training against the real peak, to 10 %.

    memory_test.py TOOLS_DIR
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

MODELS = Path(__file__).resolve().parents[2] / "models"
# Nets, batches and sizes of images. Values take most of the memory in the first two.
CASES = [("resnet18/cifar100", 96, 32), ("densenet121/cifar10", 32, 32)]
if os.environ.get("CAFFE_TEST_FULL") == "1":
    CASES += [("resnet18/cifar100", 32, 32), ("resnet50/imagenet", 8, 224),
              ("mobilenetv2/cifar100", 32, 32), ("mobilenetv2/imagenet", 8, 224),
              ("efficientnet_b0/cifar100", 32, 32), ("efficientnet_b0/imagenet", 8, 224),
              ("vit_tiny/cifar100", 32, 32)]
SOLVER = """net: "net.prototxt" base_lr: 0.001 lr_policy: "fixed" momentum: 0.9 max_iter: 2
snapshot_after_train: false
"""


def constant_net(folder, batch, size):
    """The training net on images that are made up once."""
    head, *layers = re.split(r"(?m)^(?=layer \{)",
                             (MODELS / folder / "train_val.prototxt").read_text())
    data = f"""layer {{ name: "data" type: "DummyData" top: "data" top: "label"
  dummy_data_param {{ shape {{ dim: {batch} dim: 3 dim: {size} dim: {size} }} shape {{ dim: {batch} }}
    data_filler {{ value: 1 }} data_filler {{ value: 1 }} }} }}
"""
    return head + data + "".join(layer for layer in layers
                                 if 'type: "Data"' not in layer and "phase: TEST" not in layer)


def peak_of(command, work):
    """MiB of resident memory."""
    with open(work / "log", "w") as log:
        process = subprocess.Popen(command, cwd=work, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit((work / "log").read_text()[-2000:])
    return usage.ru_maxrss / 1024


def main():
    caffe = Path(sys.argv[1]).resolve() / "caffe"
    good = True
    for folder, batch, size in CASES:
        with tempfile.TemporaryDirectory() as work:
            work = Path(work)
            (work / "net.prototxt").write_text(constant_net(folder, batch, size))
            (work / "solver.prototxt").write_text(SOLVER)
            text = subprocess.run([caffe, "summary", "net.prototxt"], cwd=work, check=True,
                                  capture_output=True, text=True).stdout
            said = float(re.search(r"training about ([\d.]+) MiB", text)[1])
            real = peak_of([caffe, "train", "--solver=solver.prototxt"], work)
        print(f"{folder}, batch of {batch}: forecast {said:.0f} MiB, real {real:.0f} MiB "
              f"({said / real - 1:+.1%})", flush=True)
        good = good and abs(said - real) < 0.1 * real
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
