#!/usr/bin/env python3
"""Damaged files of every kind that the programs read: none may end a program by a signal, hang it or
take all memory.

    damaged_files_test.py TOOLS_DIR [--seeds N] [--first SEED] [KIND...]

Each kind has a good file and a command. Each seed damages a copy of it (flipped bytes, other numbers,
a hole, a part twice, a cut) and runs the command, which must end with 0, or with 1 and one message.
Few seeds by default; CAFFE_TEST_FULL=1 in the environment makes it 300 a kind.
"""

import argparse
import contextlib
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(TESTS / "weights"), str(ROOT / "scripts")]
from pth_writer import tensors, write_zip  # noqa: E402
from caffe_weights.safetensors_file import write_safetensors  # noqa: E402

MEMORY = 6 << 30
SECONDS = 60
NET = """name: "Net"
layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
  shape { dim: 4 dim: 3 dim: 8 dim: 8 } shape { dim: 4 }
  data_filler { type: "gaussian" } data_filler { type: "constant" } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
  pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""
SOLVER = """net: "net.prototxt"
base_lr: 0.01
lr_policy: "fixed"
momentum: 0.9
max_iter: 2
snapshot_prefix: "run"
solver_mode: CPU
random_seed: 1
"""
TRAIN = ["caffe", "train", "--solver", "solver.prototxt"]
HDF5_NET = """layer { name: "data" type: "HDF5Data" top: "data" top: "label"
  hdf5_data_param { source: "list.txt" batch_size: 2 } }
layer { name: "out" type: "InnerProduct" bottom: "data" top: "out"
  inner_product_param { num_output: 2 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "out" bottom: "label" top: "loss" }
"""
MEAN_NET = """layer { name: "data" type: "Data" top: "data" top: "label"
  data_param { source: "db" backend: LMDB batch_size: 2 }
  transform_param { mean_file: "mean.binaryproto" } }
layer { name: "sink" type: "Silence" bottom: "data" bottom: "label" }
"""
IMPORT = ["import_weights", "FILE", "--net", "net.prototxt", "--out", "out.caffemodel"]
WEIGHTS = {"conv.weight": np.arange(108, dtype=np.float32).reshape(4, 3, 3, 3),
           "conv.bias": np.ones(4, np.float32),
           "fc.weight": np.arange(360, dtype=np.float32).reshape(10, 36),
           "fc.bias": np.ones(10, np.float32)}


class Kind:
    """`prepare(run, folder)` makes the good files; `file` is the one to damage, by `command`."""

    def __init__(self, file, command, prepare):
        self.file, self.command, self.prepare = file, command, prepare


def write_net(run, folder, solver=SOLVER, net=NET):
    (folder / "net.prototxt").write_text(net)
    (folder / "solver.prototxt").write_text(solver)


def train(run, folder, more=""):
    write_net(run, folder, SOLVER + more)
    run(TRAIN)
    (folder / "solver.prototxt").write_text(SOLVER.replace("max_iter: 2", "max_iter: 3") + more)


def train_hdf5(run, folder):
    train(run, folder, "snapshot_format: HDF5\n")


def write_hdf5_data(run, folder):
    """A layer that stores a batch makes the data."""
    output = ('layer { name: "out" type: "HDF5Output" bottom: "fc" bottom: "label" '
              'hdf5_output_param { file_name: "data.h5" } }\n')
    write_net(run, folder, SOLVER.replace("max_iter: 2", "max_iter: 1"), NET + output)
    run(TRAIN)
    (folder / "list.txt").write_text("data.h5\n")
    write_net(run, folder, net=HDF5_NET)


def write_images(folder):
    """Some formats, and their list."""
    from PIL import Image
    lines = ""
    for i, kind in enumerate(("jpg", "png", "bmp", "webp", "gif")):
        pixels = np.random.default_rng(i).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"image.{kind}")
        lines += f"image.{kind} {i}\n"
    (folder / "list.txt").write_text(lines)


def write_mean(run, folder):
    write_images(folder)
    (folder / "list.txt").write_text("image.png 0\nimage.jpg 1\n")
    run(["convert_imageset", "", "list.txt", "db"])
    run(["compute_image_mean", "db", "mean.binaryproto"])
    (folder / "net.prototxt").write_text(MEAN_NET)


def write_idx(run, folder):
    raw = folder / "raw"
    raw.mkdir()
    for name in ("train", "t10k"):
        (raw / f"{name}-images-idx3-ubyte").write_bytes(
            bytes([0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 28, 0, 0, 0, 28]) + bytes(4 * 784))
        (raw / f"{name}-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 4, 1, 2, 3, 4]))


def write_cifar(run, folder):
    raw = folder / "raw"
    raw.mkdir()
    for name in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]:
        (raw / f"{name}.bin").write_bytes(bytes(3 * 3073))


def weights(writer):
    def prepare(run, folder):
        write_net(run, folder)
        writer(folder)
    return prepare


def write_safetensors_file(folder):
    with open(folder / "w.safetensors", "wb") as file:
        write_safetensors(file, WEIGHTS)


def import_of(name):
    return [name if word == "FILE" else word for word in IMPORT]


def image_kind(kind):
    return Kind(f"image.{kind}", ["convert_imageset", "", "list.txt", "out"],
                lambda run, folder: write_images(folder))


KINDS = {
    "caffemodel": Kind("run_iter_2.caffemodel", TRAIN + ["--weights", "run_iter_2.caffemodel"],
                       train),
    "caffemodel.h5": Kind("run_iter_2.caffemodel.h5",
                          TRAIN + ["--weights", "run_iter_2.caffemodel.h5"], train_hdf5),
    "solverstate": Kind("run_iter_2.solverstate", TRAIN + ["--snapshot", "run_iter_2.solverstate"],
                        train),
    "solverstate.h5": Kind("run_iter_2.solverstate.h5",
                           TRAIN + ["--snapshot", "run_iter_2.solverstate.h5"], train_hdf5),
    "hdf5_data": Kind("data.h5", TRAIN, write_hdf5_data),
    "net": Kind("net.prototxt", ["caffe", "time", "--model", "net.prototxt", "--iterations", "1"],
                write_net),
    "solver": Kind("solver.prototxt", TRAIN, write_net),
    "pth": Kind("w.pth", import_of("w.pth"),
                weights(lambda d: write_zip(d / "w.pth", tensors(WEIGHTS)))),
    "npz": Kind("w.npz", import_of("w.npz"), weights(lambda d: np.savez(d / "w.npz", **WEIGHTS))),
    "npz_deflated": Kind("w.npz", import_of("w.npz"),
                         weights(lambda d: np.savez_compressed(d / "w.npz", **WEIGHTS))),
    "safetensors": Kind("w.safetensors", import_of("w.safetensors"),
                        weights(write_safetensors_file)),
    "mat": Kind("raw/train_32x32.mat", ["convert_svhn", "raw", "out", "--any_count"],
                lambda run, d: shutil.copytree(TESTS / "data/mat/svhn_compressed", d / "raw")),
    "mat_plain": Kind("raw/train_32x32.mat", ["convert_svhn", "raw", "out", "--any_count"],
                      lambda run, d: shutil.copytree(TESTS / "data/mat/svhn_plain", d / "raw")),
    "jpg": image_kind("jpg"), "png": image_kind("png"), "bmp": image_kind("bmp"),
    "webp": image_kind("webp"), "gif": image_kind("gif"),
    "image_list": Kind("list.txt", ["convert_imageset", "", "list.txt", "out"],
                       lambda run, folder: write_images(folder)),
    "mean": Kind("mean.binaryproto",
                 ["caffe", "time", "--model", "net.prototxt", "--iterations", "1"], write_mean),
    "idx_images": Kind("raw/train-images-idx3-ubyte",
                       ["convert_mnist", "--any_count", "raw", "out"], write_idx),
    "idx_labels": Kind("raw/train-labels-idx1-ubyte",
                       ["convert_mnist", "--any_count", "raw", "out"], write_idx),
    "cifar": Kind("raw/data_batch_1.bin", ["convert_cifar", "cifar10", "raw", "out", "--any_count"],
                  write_cifar),
}
NUMBERS = (0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
           1 << 32, 0x7fffffffffffffff, 0xffffffffffffffff)


def damage(content, seed):
    """The same content, damaged in one of five ways; at least one byte differs."""
    draw = random.Random(seed)
    data = bytearray(content)
    at = draw.randrange(len(data))
    # Heads and tails hold what says how the rest is to be read.
    if draw.random() < 0.5:
        at = min(len(data) - 1, draw.randrange(256)) if draw.random() < 0.7 else max(
            0, len(data) - 1 - draw.randrange(256))
    way = draw.randrange(5)
    if way == 0:
        for _ in range(draw.choice((1, 1, 3, 10))):
            data[draw.randrange(len(data)) if draw.random() < 0.5 else at] ^= 1 << draw.randrange(8)
    elif way == 1:
        size = draw.choice((1, 2, 4, 8))
        number = draw.choice(NUMBERS) & ((1 << 8 * size) - 1)
        data[at:at + size] = number.to_bytes(size, draw.choice(("little", "big")))
    elif way == 2:
        end = min(len(data), at + draw.choice((4, 64, 4096)))
        data[at:end] = bytes(end - at)
    elif way == 3:
        data[at:at] = data[at:at + draw.choice((1, 8, 100))]
    else:
        del data[at:]
    if bytes(data) == content:
        data[at % len(data)] ^= 0xff
    return bytes(data)


class Runner:
    def __init__(self, tools, folder):
        self.tools, self.folder = Path(tools).resolve(), folder

    def command(self, command):
        if command[0] == "import_weights":
            return [sys.executable, "-B", str(ROOT / "scripts" / command[0]), *command[1:]]
        return [str(self.tools / command[0]), *command[1:]]

    def __call__(self, command):
        """(exit code or what went wrong, standard error)"""
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        try:
            done = subprocess.run(self.command(command), cwd=self.folder, capture_output=True,
                                  timeout=SECONDS, preexec_fn=limit, env=environment)
        except subprocess.TimeoutExpired:
            return "it hangs", ""
        return done.returncode, done.stderr.decode(errors="replace")


def verdict(code, errors):
    """What is wrong with an end; "" if nothing."""
    if code == 0:
        return ""
    if code != 1:
        return f"ended with {code}"
    for trace in ("*** ", "Traceback", "Check failed", "terminate called", "bad_alloc"):
        if trace in errors:
            return f"{trace.strip()!r} in its message"
    return "" if errors.strip() else "no message"


def try_kind(name, kind, tools, seeds, first):
    failures, refused = [], 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        run = Runner(tools, folder)
        kind.prepare(run, folder)
        file = folder / kind.file
        good = file.read_bytes()
        before = set(folder.iterdir())
        for seed in range(first, first + seeds):
            file.write_bytes(damage(good, f"{name} {seed}"))
            code, errors = run(kind.command)
            refused += code == 1
            wrong = verdict(code, errors)
            if wrong:
                failures.append(f"{name}, seed {seed}: {wrong}\n{errors[-800:]}")
                keep = os.environ.get("KEEP_DAMAGED")
                if keep:
                    shutil.copy(file, Path(keep) / f"{name}.{seed}")
            for path in set(folder.iterdir()) - before:
                with contextlib.suppress(OSError):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
    print(f"{name}: {seeds} damaged files, {refused} refused, {len(failures)} failures", flush=True)
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tools")
    parser.add_argument("kinds", nargs="*", metavar="KIND")
    parser.add_argument("--seeds", type=int,
                        default=300 if os.environ.get("CAFFE_TEST_FULL") else 4)
    parser.add_argument("--first", type=int, default=1)
    options = parser.parse_args()
    failures = []
    for name in options.kinds or KINDS:
        failures += try_kind(name, KINDS[name], options.tools, options.seeds, options.first)
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
