#!/usr/bin/env python3
"""`caffe train --log_csv --log_tensorboard`, read back by code that shares nothing with it.

    log_files_test.py TOOLS_DIR

The CSV is compared with the log on standard error; the event files are decoded here (framing,
checksums, messages) and compared with the CSV; and runs that are killed again and again and
resumed must leave the CSV of an undisturbed run.
"""

import argparse
import csv
import math
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

TOOLS = None
SMALL_MNIST = Path(__file__).resolve().parents[2] / "datasets" / "mnist_small"

NET = """name: "LogNet"
layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
  shape { dim: 8 dim: 4 } shape { dim: 8 } data_filler { type: "gaussian" std: 1 }
  data_filler { type: "constant" value: 1 } } }
layer { name: "a" type: "InnerProduct" bottom: "data" top: "a"
  inner_product_param { num_output: 6 weight_filler { type: "xavier" } } }
layer { name: "b" type: "InnerProduct" bottom: "a" top: "b"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "accuracy" type: "Accuracy" bottom: "b" bottom: "label" top: "accuracy"
  include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "b" bottom: "label" top: "loss" }
"""
SOLVER = """net: "net.prototxt" test_iter: 1 test_interval: 5 base_lr: 0.1 momentum: 0.9
lr_policy: "step" gamma: 0.5 stepsize: 7 max_iter: MAX_ITER display: DISPLAY random_seed: 3
snapshot: 4 snapshot_prefix: "run" solver_mode: CPU
"""
METHOD = """type: "ChannelDropBack" channel_dropback_param { skip_layers: 0
  layer_drop_rate { policy: "linear" initial: 0.2 final: 1 end_iter: 20 } }
"""


def prepare(folder, solver=SOLVER + METHOD, max_iter=20, display=1):
    folder.mkdir(exist_ok=True)
    (folder / "net.prototxt").write_text(NET)
    (folder / "solver.prototxt").write_text(
        solver.replace("MAX_ITER", str(max_iter)).replace("DISPLAY", str(display)))


def command(*flags):
    return [TOOLS / "caffe", "train", "--solver=solver.prototxt", *flags]


LOGS = ("--log_csv=run.csv", "--log_tensorboard=board")


def train(folder, *flags):
    done = subprocess.run(command(*flags), cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr[-3000:])
    return done.stderr


def read_csv(folder):
    with open(folder / "run.csv", newline="") as file:
        return list(csv.DictReader(file))


def as_logged(text):
    """A number of the CSV in the digits of the log: 6 significant ones, of the float that the CSV's
    digits stand for."""
    single, = struct.unpack("f", struct.pack("f", float(text)))
    return float(f"{single:.6g}")


# --- An independent reader of event files ---

def make_crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


CRC_TABLE = make_crc_table()


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    """The payloads of a file; a cut-off last record ends it, as TensorBoard sees it."""
    position = 0
    while position + 12 <= len(data):
        length, length_crc = struct.unpack_from("<QI", data, position)
        if length_crc != masked_crc(data[position:position + 8]):
            raise AssertionError("checksum of a length")
        payload = data[position + 12:position + 12 + length]
        if position + 16 + length > len(data):
            return
        if struct.unpack_from("<I", data, position + 12 + length)[0] != masked_crc(payload):
            raise AssertionError("checksum of a record")
        yield payload
        position += 16 + length


def fields(message):
    """(number, value) of each field: int, or bytes of 4, 8 or any length."""
    position = 0

    def varint():
        nonlocal position
        value = shift = 0
        while True:
            byte = message[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while position < len(message):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
            continue
        size = {1: 8, 5: 4, 2: None}[kind]
        if size is None:
            size = varint()
        yield key >> 3, message[position:position + size]
        position += size


def read_board(folder):
    """{tag: {step: value}} of all event files, in the order in which they were begun. A start of
    a session forgets the steps from its own on, as TensorBoard does."""
    scalars = {}
    files = sorted((folder / "board").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for path in files:
        messages = list(records(path.read_bytes()))
        first = dict(fields(messages[0]))
        assert first[3] == b"brain.Event:2", "an event file begins with its version"
        for message in messages[1:]:
            event = dict(fields(message))
            step = event.get(2, 0)
            assert abs(struct.unpack("<d", event[1])[0] - time.time()) < 3600
            if 7 in event:
                assert dict(fields(event[7])) == {1: 1}, "START"
                for values in scalars.values():
                    for later in [k for k in values if k >= step]:
                        del values[later]
            for _, scalar in fields(event.get(5, b"")):
                parts = dict(fields(scalar))
                value = struct.unpack("<f", parts[2])[0]
                scalars.setdefault(parts[1].decode(), {})[step] = value
    return scalars, len(files)


TAGS = {"loss": "train/loss", "learning_rate": "train/learning_rate",
        "layer_drop_rate": "dropback/layer_rate", "channel_drop_rate": "dropback/channel_rate",
        "masked_share": "dropback/masked_share", "test_accuracy": "test/accuracy",
        "test_loss": "test/loss"}


class LogFiles(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = Path(directory.name)

    def test_the_csv_says_what_the_log_says(self):
        prepare(self.folder, display=3)
        log = train(self.folder, *LOGS)
        wanted = {}
        iteration = 0
        for line in log.splitlines():
            found = re.search(r"\] Iteration (\d+)", line)
            if found:
                iteration = int(found.group(1))
            row = wanted.setdefault(iteration, {})
            for pattern, names in (
                    (r"Iteration \d+.*, loss = (\S+)$", ["loss"]),
                    (r", lr = (\S+)$", ["learning_rate"]),
                    (r"layer drop rate = (\S+), channel drop rate = (\S+), masked (\S+) %",
                     ["layer_drop_rate", "channel_drop_rate", "masked_share"]),
                    (r"Test net output #0: accuracy = (\S+)", ["test_accuracy"]),
                    (r"Test net output #1: loss = (\S+)", ["test_loss"])):
                found = re.search(pattern, line)
                for name, value in zip(names, found.groups() if found else ()):
                    row[name] = float(value) / (100 if name == "masked_share" else 1)
        wanted = {iteration: row for iteration, row in wanted.items() if row}
        rows = read_csv(self.folder)
        self.assertEqual([int(row["iteration"]) for row in rows], sorted(wanted))
        self.assertIn(20, wanted)
        for row in rows:
            iteration = int(row.pop("iteration"))
            self.assertEqual({name: as_logged(text) for name, text in row.items() if text},
                             {name: as_logged(value) for name, value in wanted[iteration].items()},
                             iteration)

    def test_tensorboard_gets_what_the_csv_gets(self):
        prepare(self.folder, display=3)
        train(self.folder, *LOGS)
        self.compare_board_and_csv(files=1)

    def compare_board_and_csv(self, files):
        scalars, count = read_board(self.folder)
        self.assertEqual(count, files)
        rows = read_csv(self.folder)
        self.assertEqual(set(scalars), set(TAGS.values()))
        for name, tag in TAGS.items():
            values = {int(row["iteration"]): float(row[name]) for row in rows if row[name]}
            self.assertEqual(set(scalars[tag]), set(values), tag)
            for step, value in values.items():
                self.assertEqual(scalars[tag][step], struct.unpack("f", struct.pack("f", value))[0])

    def assert_same_csv(self, folder, wanted):
        """The bytes of the CSV, but for the loss: it is smoothed by adding differences, whose
        rounding errors a resumed run starts anew."""
        rows, wanted_rows = ([line.split(",") for line in text.decode().split("\n")]
                             for text in ((folder / "run.csv").read_bytes(), wanted))
        column = rows[0].index("loss")
        losses, wanted_losses = ([float(row.pop(column)) for row in table[1:-1]]
                                 for table in (rows, wanted_rows))
        self.assertEqual(rows, wanted_rows)
        tolerance = len(losses) * 2 ** -23 * max(wanted_losses)
        for iteration, (loss, wanted_loss) in enumerate(zip(losses, wanted_losses)):
            self.assertAlmostEqual(loss, wanted_loss, delta=tolerance, msg=iteration)

    def test_no_method_no_columns(self):
        prepare(self.folder, solver=SOLVER)
        train(self.folder, *LOGS)
        self.assertEqual(list(read_csv(self.folder)[0]),
                         ["iteration", "loss", "learning_rate", "test_accuracy", "test_loss"])
        self.assertFalse([tag for tag in read_board(self.folder)[0] if "dropback" in tag])

    def test_a_resumed_run_goes_on_in_its_files(self):
        prepare(self.folder)
        train(self.folder, *LOGS)
        whole = (self.folder / "run.csv").read_bytes()
        log = train(self.folder, *LOGS, "--snapshot=run_iter_12.solverstate")
        self.assertIn("the rows from iteration 12 on are replaced", log)
        self.assert_same_csv(self.folder, whole)
        self.compare_board_and_csv(files=2)
        # Without a snapshot the run begins anew, and so do its logs.
        for state in self.folder.glob("run_iter_*"):
            state.unlink()
        train(self.folder, *LOGS, "--snapshot=auto")
        self.assertEqual((self.folder / "run.csv").read_bytes(), whole)
        self.compare_board_and_csv(files=3)

    def test_killed_runs_leave_no_gap_no_duplicate_and_no_half_row(self):
        iterations = 400
        prepare(self.folder / "whole", max_iter=iterations)
        prepare(self.folder / "killed", max_iter=iterations)
        train(self.folder / "whole", *LOGS)
        killed = self.folder / "killed"
        moments = random.Random(5)
        kills = 0
        for size in sorted(moments.randrange(2000, 24000) for _ in range(5)):
            process = subprocess.Popen(command(*LOGS, "--snapshot=auto"), cwd=killed,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            log = killed / "run.csv"
            while process.poll() is None and (not log.exists() or log.stat().st_size < size):
                time.sleep(0.0005)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
            process.wait()
        self.assertGreaterEqual(kills, 2, "the runs ended too soon to be killed")
        # What a kill in the middle of a write would leave.
        with open(killed / "run.csv", "ab") as file:
            file.write(b"399,0.12")
        newest = max((killed / "board").iterdir(), key=lambda path: path.stat().st_mtime_ns)
        with open(newest, "ab") as file:
            file.write(bytes(7))
        train(killed, *LOGS, "--snapshot=auto")
        self.assert_same_csv(killed, (self.folder / "whole" / "run.csv").read_bytes())
        self.folder = killed
        self.compare_board_and_csv(files=len(list((killed / "board").iterdir())))

    def test_epochs_are_counted_where_the_data_set_is_known(self):
        prepare(self.folder)
        subprocess.run([TOOLS / "convert_mnist", SMALL_MNIST, self.folder / "mnist"], check=True,
                       capture_output=True)
        net = self.folder / "net.prototxt"
        net.write_text('layer { name: "data" type: "Data" top: "data" top: "label" data_param { '
                       'source: "mnist/test_lmdb" backend: LMDB batch_size: 80 } '
                       'transform_param { scale: 0.00390625 } }\n' +
                       NET[NET.index('layer { name: "a"'):].replace("num_output: 3", "num_output: 10"))
        train(self.folder, *LOGS)
        rows = read_csv(self.folder)
        self.assertEqual(list(rows[0])[:3], ["iteration", "epoch", "loss"])
        for row in rows:  # of 1000 images
            self.assertAlmostEqual(float(row["epoch"]), int(row["iteration"]) * 80 / 1000, 6)
        self.assertAlmostEqual(read_board(self.folder)[0]["train/epoch"][20], 1.6, 6)

    def test_several_test_nets_have_columns_of_their_own(self):
        prepare(self.folder, solver=SOLVER.replace("test_iter: 1", "test_iter: 1 test_iter: 2"))
        train(self.folder, *LOGS)
        row = read_csv(self.folder)[0]
        self.assertEqual(list(row)[3:], ["test0_accuracy", "test0_loss", "test1_accuracy",
                                         "test1_loss"])
        self.assertTrue(all(math.isfinite(float(row[name])) for name in list(row)[3:]))
        self.assertIn("test1/accuracy", read_board(self.folder)[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", type=Path, help="folder of the built programs")
    args, rest = parser.parse_known_args()
    TOOLS = args.tools.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
