#!/usr/bin/env python3
"""Runs models that other people trained with Caffe through our programs, on real data, and
compares with the accuracies that are known of them.

Needs the data and the models: the folder `data` of $CAFFE_SHARED_DATA, or ../shared/data beside
the source tree. Exits with 77 (skipped) where they are missing.
"""

import argparse
import os
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
SKIPPED = 77

CIFAR10_MEAN = "mean_3x32x32_rgb_f32.npy"


def shared_data():
    for place in (os.environ.get("CAFFE_SHARED_DATA"), SOURCE.parent / "shared" / "data"):
        if place and (Path(place) / "caffemodels").is_dir():
            return Path(place)
    print("SKIPPED: no data; set CAFFE_SHARED_DATA")
    sys.exit(SKIPPED)


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nexit code {done.returncode}\n{done.stderr[-3000:]}")
    return done.stdout + done.stderr


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def write_mean_file(npy, target):
    """Turns a float32 array of 3 x 32 x 32 in NumPy's format into a Caffe mean file."""
    raw = npy.read_bytes()
    header_end = 10 + struct.unpack("<H", raw[8:10])[0]
    assert b"'<f4'" in raw[:header_end] and b"(3, 32, 32)" in raw[:header_end], raw[:header_end]
    values = raw[header_end:]
    dims = b"".join(varint(field << 3) + varint(d) for field, d in ((1, 1), (2, 3), (3, 32), (4, 32)))
    target.write_bytes(dims + varint(5 << 3 | 2) + varint(len(values)) + values)


def test_net(definition, data_layer, scores, label):
    """The TEST form of a stored training net: our data in front, accuracy behind."""
    blocks = re.split(r"(?m)^(?=layer \{)", definition)
    blocks = [blocks[0], data_layer] + blocks[2:]
    text = re.sub(r"(?m)^  phase: TRAIN\n", "", "".join(blocks))
    return text + (f'layer {{ name: "accuracy" type: "Accuracy" bottom: "{scores}" '
                   f'bottom: "{label}" top: "accuracy" }}\n')


def data_layer(tops, source, transform):
    return (f'layer {{ name: "data" type: "Data" top: "{tops[0]}" top: "{tops[1]}" '
            f'data_param {{ source: "{source}" backend: LMDB batch_size: 100 }} '
            f"transform_param {{ {transform} }} }}\n")


def check(name, found, wanted, tolerance):
    good = abs(found - wanted) <= tolerance
    print(f"{'ok  ' if good else 'FAIL'} {name}: {found:g}, known {wanted:g} (+-{tolerance:g})")
    return good


def last_number(log, name):
    return float(re.findall(rf"\] {name} = ([-+.\deE]+)", log)[-1])


def lenet(tools, data, work):
    run(tools / "convert_mnist", data / "mnist", work / "mnist")
    model = data / "caffemodels" / "lenet_mnist.caffemodel"
    net = test_net(run(tools / "print_definition", model),
                   data_layer(("data", "label"), work / "mnist/test_lmdb", "scale: 0.00390625"),
                   "ip2", "label")
    (work / "lenet.prototxt").write_text(net)
    log = run(tools / "caffe", "test", "--model", work / "lenet.prototxt", "--weights", model,
              "--iterations", 100)
    return check("LeNet, MNIST, accuracy", last_number(log, "accuracy"), 0.9914, 0.00005)


def cifar10(tools, data, work):
    """Converts CIFAR-10 and its mean; False where Python cannot unpack it."""
    unpack = subprocess.run([sys.executable, data / "unpack_cifar.py", "cifar10", work / "raw"],
                            capture_output=True, text=True)
    if unpack.returncode != 0:
        print("SKIPPED: CIFAR-10: could not unpack it (is Pillow with WebP there?):",
              unpack.stderr.strip().splitlines()[-1:])
        return False
    run(tools / "convert_cifar", "cifar10", work / "raw", work / "cifar10", "--batches", "1,2")
    write_mean_file(data / "cifar10" / CIFAR10_MEAN, work / "mean.binaryproto")
    return True


def on_cifar10(tools, data, work, name, tops, scores):
    """The log of a CIFAR-10 model's test over all 10,000 images."""
    model = data / "caffemodels" / f"{name}.caffemodel"
    net = test_net(run(tools / "print_definition", model),
                   data_layer(tops, work / "cifar10/test_lmdb",
                              f'mean_file: "{work}/mean.binaryproto"'), scores, tops[1])
    (work / f"{name}.prototxt").write_text(net)
    return run(tools / "caffe", "test", "--model", work / f"{name}.prototxt", "--weights", model,
               "--iterations", 100)


def resnet20(tools, data, work):
    log = on_cifar10(tools, data, work, "resnet20_cifar10", ("Data1", "Data2"), "InnerProduct1")
    accuracy = check("ResNet-20, CIFAR-10, accuracy", last_number(log, "accuracy"), 0.9170, 0.00005)
    loss = check("ResNet-20, CIFAR-10, loss", last_number(log, "SoftmaxWithLoss1"), 0.33658, 0.00005)
    return accuracy and loss


def cifar10_quick(tools, data, work):
    """A file of the V1 format."""
    log = on_cifar10(tools, data, work, "cifar10_quick_v1", ("data", "label"), "ip2")
    return check("CIFAR-10 quick, accuracy", last_number(log, "accuracy"), 0.7491, 0.00005)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tools", type=Path, help="folder of the built programs")
    tools = parser.parse_args().tools.resolve()
    data = shared_data()
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        results = [lenet(tools, data, work)]
        unpacked = cifar10(tools, data, work)
        if unpacked:
            results += [resnet20(tools, data, work), cifar10_quick(tools, data, work)]
    sys.exit(1 if False in results else 0 if unpacked else SKIPPED)


if __name__ == "__main__":
    main()
