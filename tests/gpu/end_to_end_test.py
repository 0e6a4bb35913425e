#!/usr/bin/env python3
"""Whole runs of the `caffe` command on a GPU, real or emulated, against the same on the CPU.

    end_to_end_test.py TOOLS_DIR [TEST...]

LeNet on the digits of datasets/mnist_small and ResNet-8 on random images, from LMDB. Exits with 77
(skipped) where there is no GPU. What needs an emulated GPU is left out on a real one.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).resolve().parents[2]
SKIPPED = 77
FULL = bool(os.environ.get("CAFFE_TEST_FULL"))
TOOLS = WORK = None

METHODS = {
    "baseline": 'type: "SGD"',
    "paper": 'type: "ChannelDropBack" channel_dropback_param { semantics: PAPER skip_layers: 1 '
             'layer_drop_rate { policy: "fixed" value: 0.8 } }',
    "reference": 'type: "ChannelDropBack" channel_dropback_param { semantics: REFERENCE '
                 'layer_drop_rate { policy: "fixed" value: 0.8 } }',
}


def caffe(*words, variables=None):
    return subprocess.run([str(TOOLS / "caffe"), *words], cwd=WORK, capture_output=True, text=True,
                          env=dict(os.environ, **(variables or {})), timeout=600)


def emulated():
    return "Emulated GPU" in caffe("device_query", "--gpu=0").stderr


def prepare():
    """data/mnist and data/cifar10 below the working folder, and the nets that read them."""
    def run(*command):
        subprocess.run([str(c) for c in command], cwd=WORK, check=True, capture_output=True)
    run(TOOLS / "convert_mnist", SOURCE / "datasets" / "mnist_small", "data/mnist")
    raw = WORK / "raw"
    raw.mkdir()
    random = np.random.default_rng(1)
    for name in ("data_batch_1.bin", "test_batch.bin"):
        images = random.integers(0, 256, (64, 3072), np.uint8)
        labels = random.integers(0, 10, (64, 1), np.uint8)
        np.concatenate([labels, images], 1).tofile(raw / name)
    run(TOOLS / "convert_cifar", "cifar10", raw, "data/cifar10", "--batches", "1", "--any_count")
    for net, folder in (("lenet", "lenet/mnist_small"), ("resnet8", "resnet8/cifar10_quick")):
        text = (SOURCE / "models" / folder / "train_val.prototxt").read_text()
        text = re.sub(r"batch_size: \d+", "batch_size: 8", text)
        text = text.replace("data/mnist_small/", "data/mnist/")
        text = text.replace("data/cifar10_quick/", "data/cifar10/")
        (WORK / f"{net}.prototxt").write_text(text)


def write_solver(name, net, method, steps=12, more=""):
    (WORK / f"{name}.prototxt").write_text(f"""net: "{net}.prototxt"
test_iter: 2 test_interval: 6 base_lr: 0.01 momentum: 0.9 weight_decay: 5e-4 lr_policy: "step"
gamma: 0.5 stepsize: 5 max_iter: {steps} display: 1 random_seed: 3 snapshot_prefix: "{name}"
{METHODS[method]} {more}
""")
    return f"--solver={name}.prototxt"


def numbers(log):
    """Losses and accuracies in the order of the log."""
    return np.array([float(value) for value in
                     re.findall(r"(?:, loss|accuracy|: loss) = (\S+)", log)])


class EndToEndTest(unittest.TestCase):
    def run_well(self, *words, variables=None):
        done = caffe(*words, variables=variables)
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        return done.stderr

    def expect_error(self, done, pattern):
        """One message, exit code 1, no trace of calls."""
        self.assertEqual(done.returncode, 1, done.stderr[-3000:])
        self.assertRegex(done.stderr, pattern)
        self.assertEqual(len(re.findall(r"Error: ", done.stderr)), 1, done.stderr[-3000:])
        for trace in ("***", "terminate called", "Emulated GPU: "):
            self.assertNotIn(trace, done.stderr)

    def compare(self, net, method):
        solver = write_solver("compare", net, method)
        cpu = numbers(self.run_well("train", solver))
        gpu = numbers(self.run_well("train", solver, "--gpu=0"))
        self.assertGreater(len(cpu), 12)
        self.assertEqual(len(cpu), len(gpu))
        # Twelve steps in single precision, starting from the same weights.
        np.testing.assert_allclose(gpu, cpu, rtol=2e-3, atol=2e-3)

    def test_lenet_trains_as_on_the_cpu(self):
        for method in METHODS:
            with self.subTest(method):
                self.compare("lenet", method)

    def test_resnet8_trains_as_on_the_cpu(self):
        for method in METHODS if FULL else ["paper", "reference"]:
            with self.subTest(method):
                self.compare("resnet8", method)

    def test_a_resumed_run_ends_in_the_same_bytes(self):
        solver = write_solver("resume", "lenet", "paper", more="snapshot: 5")
        self.run_well("train", solver, "--gpu=0")
        final = WORK / "resume_iter_12.caffemodel"
        whole = final.read_bytes()
        final.unlink()
        self.run_well("train", solver, "--gpu=0", "--snapshot=resume_iter_5.solverstate")
        self.assertEqual(final.read_bytes(), whole)

    def test_test_gives_the_scores_of_the_cpu(self):
        solver = write_solver("score", "lenet", "baseline", steps=5)
        self.run_well("train", solver, "--gpu=0")
        words = ("test", "--model=lenet.prototxt", "--weights=score_iter_5.caffemodel",
                 "--iterations=3")
        np.testing.assert_allclose(numbers(self.run_well(*words, "--gpu=0")),
                                   numbers(self.run_well(*words)), rtol=1e-4)

    def test_time_counts_a_training_step(self):
        solver = write_solver("count", "lenet", "paper")
        log = self.run_well("time", solver, "--count", "--gpu=0")
        launches = int(re.search(r"^  launches +(\d+)$", log, re.M)[1])
        self.assertTrue(20 <= launches <= 60, log)
        self.assertRegex(log, r"(?m)^  allocations +0 ")
        self.assertRegex(log, r"(?m)^  cuDNN convolution, forward +2$")
        waits = sum(map(int, re.findall(r"this thread waits: .* (\d+)$", log, re.M)))
        self.assertLessEqual(waits, 2, log)

    def test_time_measures_and_counts_a_pass(self):
        log = self.run_well("time", "--model=lenet.prototxt", "--iterations=2", "--count", "--gpu=0")
        self.assertRegex(log, r"Average Forward-Backward: \S+ ms")
        self.assertRegex(log, r"(?m)^  cuDNN convolution, weight gradient +2$")

    def test_count_needs_a_gpu(self):
        self.expect_error(caffe("time", write_solver("cpu", "lenet", "paper"), "--count"),
                          "--count counts what a GPU is asked for")

    def test_a_damaged_data_base_is_one_message(self):
        shutil.copytree(WORK / "data", WORK / "damaged")
        data = WORK / "damaged" / "mnist" / "train_lmdb" / "data.mdb"
        data.write_bytes(data.read_bytes()[:9000])
        text = (WORK / "lenet.prototxt").read_text().replace("data/mnist/train", "damaged/mnist/train")
        (WORK / "damaged.prototxt").write_text(text)
        done = caffe("train", write_solver("broken", "damaged", "baseline"), "--gpu=0")
        self.expect_error(done, "damaged/mnist/train_lmdb")

    def test_out_of_memory_is_one_message(self):
        if not emulated():
            self.skipTest("needs an emulated GPU")
        solver = write_solver("memory", "lenet", "paper", steps=3)
        for nth in range(1, 200, 1 if FULL else 12):
            done = caffe("train", solver, "--gpu=0",
                         variables={"CAFFE_EMULATED_GPU_FAIL_MALLOC": str(nth)})
            if done.returncode == 0:
                break
            with self.subTest(nth=nth):
                self.expect_error(done, r"GPU 0 has no room for \d+ more bytes")
        self.assertGreater(nth, 30, "allocations of a run")
        small = caffe("train", solver, "--gpu=0", variables={"CAFFE_EMULATED_GPU_MEMORY": "3000000"})
        self.expect_error(small, r"GPU 0 has no room for \d+ more bytes: \d+ of 3000000 are free")

    def test_without_page_locked_memory_and_in_other_orders_nothing_changes(self):
        if not emulated():
            self.skipTest("needs an emulated GPU")
        solver = write_solver("order", "lenet", "paper", steps=6)
        final = WORK / "order_iter_6.caffemodel"
        results = set()
        for settings in ({}, {"ORDER": "eager"}, {"ORDER": "random", "SEED": "5"}, {"PINNED": "0"},
                         {"MAX_INT32": "100"}):
            variables = {f"CAFFE_EMULATED_GPU_{name}": value for name, value in settings.items()}
            self.run_well("train", solver, "--gpu=0", variables=variables)
            results.add(final.read_bytes())
        self.assertEqual(len(results), 1)


def main():
    global TOOLS, WORK
    TOOLS = Path(sys.argv.pop(1)).resolve()
    with tempfile.TemporaryDirectory() as work:
        WORK = Path(work)
        if "Name" not in caffe("device_query", "--gpu=0").stderr:
            print("SKIPPED: no GPU")
            sys.exit(SKIPPED)
        prepare()
        unittest.main()


if __name__ == "__main__":
    main()
