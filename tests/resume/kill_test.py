#!/usr/bin/env python3
"""Kills training runs at random moments and checks that every one, resumed with
--snapshot=auto, ends in the same bytes as a run that nobody disturbed.

    kill_test.py TOOLS_DIR [--kills N] [--seed N] [--gpu]

The net has everything that a resumed run must continue: shuffled and augmented data, dropout,
batch norm statistics, momentum and ChannelDropBack. Quick by default; CAFFE_TEST_FULL=1 in the
environment makes it 50 kills. --gpu trains on GPU 0, real or emulated; exits with 77 (skipped) where
there is none.
"""

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
SMALL_MNIST = SOURCE / "datasets" / "mnist_small"
MAX_ITER = 120

NET = """
name: "KillNet"
layer {{ name: "data" type: "Data" top: "data" top: "label"
  data_param {{ source: "{lmdb}" backend: LMDB batch_size: 32 shuffle: true decode_threads: 2 }}
  transform_param {{ scale: 0.00390625 crop_size: 28 pad: 2 mirror: true rotation: 10 }} }}
layer {{ name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param {{ num_output: 8 kernel_size: 5 stride: 2 weight_filler {{ type: "msra" }} }} }}
layer {{ name: "bn1" type: "BatchNorm" bottom: "conv1" top: "conv1"
  batch_norm_param {{ moving_average_fraction: 0.9 }} }}
layer {{ name: "scale1" type: "Scale" bottom: "conv1" top: "conv1" scale_param {{ bias_term: true }} }}
layer {{ name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }}
layer {{ name: "drop1" type: "Dropout" bottom: "conv1" top: "conv1" }}
layer {{ name: "ip1" type: "InnerProduct" bottom: "conv1" top: "ip1"
  inner_product_param {{ num_output: 32 weight_filler {{ type: "xavier" }} }} }}
layer {{ name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2"
  inner_product_param {{ num_output: 10 weight_filler {{ type: "xavier" }} }} }}
layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }}
layer {{ name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy"
  include {{ phase: TEST }} }}
"""

SOLVER = """
net: "{work}/net.prototxt"
test_iter: 2
test_interval: 25
base_lr: 0.02
lr_policy: "multistep"
gamma: 0.1
stepvalue: 40
stepvalue: 80
momentum: 0.9
weight_decay: 0.0005
display: 10
max_iter: {max_iter}
snapshot: 3
snapshot_prefix: "{work}/{name}/run"
random_seed: 7
solver_mode: CPU
type: "ChannelDropBack"
channel_dropback_param {{ skip_layers: 0 layer_drop_rate {{ policy: "fixed" value: 0.8 }} }}
"""


DEVICE = []  # flags that choose it


def command(tools, solver):
    return [str(tools / "caffe"), "train", f"--solver={solver}", "--snapshot=auto"] + DEVICE


def make_run(work, name):
    (work / name).mkdir()
    solver = work / f"{name}.prototxt"
    solver.write_text(SOLVER.format(work=work, name=name, max_iter=MAX_ITER))
    return solver


def train(tools, solver):
    done = subprocess.run(command(tools, solver), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"training failed with exit code {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stderr


def kill_once(tools, solver, delay):
    """Starts training and kills it after `delay` seconds; returns whether it was still running."""
    process = subprocess.Popen(command(tools, solver), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=delay)
        return False
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True


def final_files(work, name):
    stem = work / name / f"run_iter_{MAX_ITER}"
    return stem.with_suffix(".caffemodel").read_bytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", type=Path, help="folder of the built programs")
    parser.add_argument("--kills", type=int,
                        default=50 if os.environ.get("CAFFE_TEST_FULL") else 5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gpu", action="store_true")
    args = parser.parse_args()
    tools = args.tools.resolve()
    if args.gpu:
        DEVICE.append("--gpu=0")
        query = subprocess.run([tools / "caffe", "device_query"] + DEVICE, capture_output=True,
                               text=True)
        if "Name" not in query.stderr:
            print("SKIPPED: no GPU")
            sys.exit(77)
    moments = random.Random(args.seed)
    print(f"seed {args.seed}, {args.kills} kills")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        subprocess.run([tools / "convert_mnist", SMALL_MNIST, work / "mnist"], check=True,
                       capture_output=True)
        (work / "net.prototxt").write_text(NET.format(lmdb=work / "mnist/train_lmdb"))
        begin = time.monotonic()
        train(tools, make_run(work, "whole"))
        length = time.monotonic() - begin
        wanted = final_files(work, "whole")
        killed = resumed_at = 0
        run = 0
        solver = make_run(work, "killed0")
        while killed < args.kills:
            if kill_once(tools, solver, moments.uniform(0.05, 1.0) * length):
                killed += 1
                # About one kill in three is followed by another one before the run may end.
                if moments.random() < 0.35 and killed < args.kills:
                    continue
            log = train(tools, solver)
            resumed_at += len(re.findall(r"Resuming from", log))
            if final_files(work, f"killed{run}") != wanted:
                sys.exit(f"FAIL: run {run} ended in other weights than the undisturbed one")
            leftovers = [p.name for p in (work / f"killed{run}").iterdir()
                         if not re.fullmatch(r"run_iter_\d+\.(caffemodel|solverstate)", p.name)]
            if leftovers:
                sys.exit(f"FAIL: left behind: {leftovers}")
            run += 1
            solver = make_run(work, f"killed{run}")
        print(f"{killed} kills in {run} runs, {resumed_at} of them resumed from a snapshot: "
              "all ended bit-identical")
        if resumed_at == 0:
            sys.exit("FAIL: no run was ever resumed")


if __name__ == "__main__":
    main()
