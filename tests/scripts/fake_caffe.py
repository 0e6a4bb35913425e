#!/usr/bin/env python3
"""Stands in for caffe, lmdb_info, lmdb_subset and convert_cifar in the tests of scripts/reproduce.

What it does depends on the name that it is called by. As caffe it "trains": a row of the CSV for
each epoch, with an accuracy that is a function of the solver file and the iteration, snapshots, an
end at SIGINT. FAKE_SECONDS is the length of an epoch; FAKE_FAILURE a part of the solver's path at
which it gives up.
"""
import json
import os
import pathlib
import re
import signal
import sys
import time
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from prototxt_reader import read  # noqa: E402

HEADER = "iteration,epoch,loss,learning_rate,test_accuracy,test_loss\n"


def option(name):
    return sys.argv[sys.argv.index(name) + 1]


def accuracy(solver, iteration):
    """Between 0 and 1."""
    known = {key: solver.get(key) for key in ("random_seed", "type", "channel_dropback_param")}
    return zlib.crc32(repr((known, iteration)).encode()) / 2**32


def newest_snapshot(prefix):
    states = prefix.parent.glob(prefix.name + "_iter_*.solverstate")
    return max((int(re.findall(r"\d+", path.stem)[-1]) for path in states), default=0)


def snapshot(prefix, iteration):
    for ending in ("caffemodel", "solverstate"):
        pathlib.Path(f"{prefix}_iter_{iteration}.{ending}").write_text(str(iteration))


def train():
    path = pathlib.Path(option("--solver"))
    solver = {key: value[0] for key, value in read(path.read_text()).items()}
    if os.environ.get("FAKE_FAILURE") and os.environ["FAKE_FAILURE"] in str(path):
        print("Error: all is lost", file=sys.stderr)
        return 1
    stopped = []
    signal.signal(signal.SIGINT, lambda *_: stopped.append(True))
    prefix = pathlib.Path(solver["snapshot_prefix"])
    csv = pathlib.Path(option("--log_csv"))
    begin = newest_snapshot(prefix)
    rows = csv.read_text().splitlines(keepends=True) if begin else [HEADER]
    rows = [row for row in rows if row == HEADER or int(row.split(",")[0]) <= begin]
    csv.write_text("".join(rows))
    maximum = int(solver["max_iter"])
    epoch = int(solver["test_interval"])
    tests = epoch <= maximum
    if not tests:
        epoch = int(solver["display"])
    # The order of the runs, and who starts from where.
    with open(os.environ["FAKE_DIARY"], "a") as diary:
        diary.write(f"{path.parent.parent.name} {path.parent.name} from {begin} "
                    f"weights {solver.get('weights')} threads {os.environ.get('OMP_NUM_THREADS')}\n")
    for iteration in range(begin + epoch, maximum + 1, epoch):
        time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
        speed = f" (2 iter/s, {epoch / 2}s/{epoch} iters)" if iteration < maximum else ""
        print(f"Iteration {iteration}{speed}, loss = 1", file=sys.stderr)
        with open(csv, "a") as rows:
            result = accuracy(solver, iteration) if tests else ""
            rows.write(f"{iteration},1,0.5,0.1,{result},1\n")
        if stopped or int(solver["snapshot"]):
            snapshot(prefix, iteration)
        if stopped:
            return 130
    return 0


def main():
    name = pathlib.Path(sys.argv[0]).name
    if name == "caffe":
        return train()
    if name == "lmdb_info":
        print(json.dumps({"records": int((pathlib.Path(sys.argv[-1]) / "data.mdb").read_text())}))
    elif name == "lmdb_subset":
        target = pathlib.Path(sys.argv[-1])
        target.mkdir(parents=True)
        (target / "data.mdb").write_text(option("--records"))
    elif name == "convert_cifar":
        source, target = map(pathlib.Path, sys.argv[-2:])
        target.mkdir(parents=True)
        (target / "mean.binaryproto").write_text(" ".join(p.name for p in source.iterdir()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
