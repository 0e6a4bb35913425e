#!/usr/bin/env python3
"""Every kind of bad input that we know of, and what the programs say to it.

    bad_input_test.py TOOLS_DIR [NAME...]

Each case makes its files in a folder of its own, runs a command there, and wants exit code 1 and
one message that names what is wrong; never a signal, a failed CHECK or a stack trace. The cases
are in tables, below and in data_tool_cases.py: (name, what the message must contain, the change that makes the input bad).
"""

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from case import SMALL_MNIST, Case
from data_tool_cases import DATA_TOOLS

DATA = """layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
  shape { dim: 4 dim: 3 dim: 8 dim: 8 } shape { dim: 4 }
  data_filler { type: "gaussian" } data_filler { type: "constant" } } }
"""
LMDB_DATA = """layer { name: "data" type: "Data" top: "data" top: "label"
  data_param { source: "LMDB" backend: LMDB batch_size: 8 OPTIONS }
  transform_param { TRANSFORM } }
"""
FC = """layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
"""
LOSS = """layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""
NET = 'name: "Net"\n' + DATA + FC + LOSS
SOLVER = """net: "net.prototxt"
base_lr: 0.01
lr_policy: "fixed"
momentum: 0.9
display: 1
max_iter: 4
snapshot_prefix: "run"
solver_mode: CPU
random_seed: 1
"""


def layer(kind, more, bottom="data", name="x"):
    """A layer of this type behind the data."""
    bottoms = "".join(f' bottom: "{b}"' for b in bottom.split())
    return f'layer {{ name: "{name}" type: "{kind}"{bottoms} top: "{name}" {more} }}\n'


# --- Net definitions. (name, parts of the message, text of net.prototxt) ---
NETS = [
    ("syntax: a brace is missing", ["net.prototxt:7"], NET.rstrip()[:-1]),
    ("syntax: no colon", ["net.prototxt:1"], 'name "Net"\n' + DATA),
    ("unknown field", ["num_outputs", "did you mean 'num_output'"],
     NET.replace("num_output", "num_outputs")),
    ("unknown field of a layer", ["botom", "bottom"], NET.replace('bottom: "data"', 'botom: "data"')),
    ("unknown message", ["inner_prodct_param", "inner_product_param"],
     NET.replace("inner_product_param", "inner_prodct_param")),
    ("unknown enum value", ["MAXIMUM", "MAX"],
     DATA + layer("Pooling", "pooling_param { pool: MAXIMUM kernel_size: 2 }")),
    ("text for a number", ["net.prototxt"], NET.replace("num_output: 10", 'num_output: "ten"')),
    ("number for a text", ["net.prototxt"], NET.replace('name: "fc"', "name: 7")),
    ("negative for unsigned", ["net.prototxt"], NET.replace("num_output: 10", "num_output: -10")),
    ("a field twice", ["net.prototxt"], NET.replace('name: "fc"', 'name: "fc" name: "fc2"')),
    ("old and new layers in one file", ["layers"], NET + 'layers { name: "old" type: RELU }\n'),
    ("unknown layer type", ["'InnerProdukt'", "InnerProduct"],
     NET.replace('"InnerProduct"', '"InnerProdukt"')),
    ("no layer type", ["unknown layer type"], NET.replace('type: "InnerProduct"', "")),
    ("unknown bottom", ["fc", "'dota'", "did you mean 'data'"],
     NET.replace('bottom: "data"', 'bottom: "dota"')),
    ("two sources of a blob", ["multiple sources"], DATA + FC + FC.replace('name: "fc"', 'name: "b"')),
    ("in-place after another reader", ["top 'fc'"],
     DATA + FC + layer("ReLU", "", "fc", "r") +
     'layer { name: "s" type: "ReLU" bottom: "fc" top: "fc" }\n'),
    ("include and exclude", ["include", "exclude"],
     NET.replace('name: "fc"', 'name: "fc" include { phase: TRAIN } exclude { phase: TEST }')),
    ("loss weights", ["loss_weight", "2"],
     NET.replace('top: "loss"', 'top: "loss" loss_weight: 1 loss_weight: 1')),
    ("propagate_down", ["propagate_down"],
     NET.replace('top: "fc"', 'top: "fc" propagate_down: true propagate_down: true')),
    ("too many param blocks", ["param"],
     NET.replace('top: "fc"', 'top: "fc" param {} param {} param {}')),
    ("too few bottoms", ["exactly 2 bottom"], DATA + FC + layer("SoftmaxWithLoss", "", "fc")),
    ("too many bottoms", ["exactly 1 bottom"],
     DATA + layer("InnerProduct", "inner_product_param { num_output: 2 }", "data label")),
    ("shared shapes differ", ["shared parameter 'w'"],
     DATA + FC.replace('top: "fc"', 'top: "fc" param { name: "w" }') +
     layer("InnerProduct", 'param { name: "w" } inner_product_param { num_output: 3 }')),
    ("shared lr_mult differ", ["lr_mult"],
     DATA + FC.replace('top: "fc"', 'top: "fc" param { name: "w" lr_mult: 2 }') +
     layer("InnerProduct", 'param { name: "w" lr_mult: 1 } inner_product_param { num_output: 10 }')),
    # Options of layers.
    ("convolution without kernel", ["x (Convolution", "kernel"],
     DATA + layer("Convolution", "convolution_param { num_output: 2 }")),
    ("convolution kernel 0", ["kernel"],
     DATA + layer("Convolution", "convolution_param { num_output: 2 kernel_size: 0 }")),
    ("convolution stride 0", ["stride"],
     DATA + layer("Convolution", "convolution_param { num_output: 2 kernel_size: 3 stride: 0 }")),
    ("convolution group", ["group"],
     DATA + layer("Convolution", "convolution_param { num_output: 2 kernel_size: 3 group: 2 }")),
    ("convolution kernel twice", ["kernel_h"],
     DATA + layer("Convolution", "convolution_param { num_output: 2 kernel_size: 3 kernel_h: 3 "
                                 "kernel_w: 3 }")),
    ("convolution larger than its input", ["x (Convolution"],
     DATA + layer("Convolution", "convolution_param { num_output: 2 kernel_size: 30 }")),
    ("convolution without outputs", ["num_output"],
     DATA + layer("Convolution", "convolution_param { kernel_size: 3 }")),
    ("inner product without outputs", ["num_output"],
     DATA + layer("InnerProduct", "inner_product_param { }")),
    ("inner product axis", ["axis 9"],
     DATA + layer("InnerProduct", "inner_product_param { num_output: 2 axis: 9 }")),
    ("pooling without kernel", ["kernel"], DATA + layer("Pooling", "pooling_param { pool: MAX }")),
    ("pooling pad", ["pad"],
     DATA + layer("Pooling", "pooling_param { kernel_size: 2 pad: 2 }")),
    ("global pooling with kernel", ["global_pooling"],
     DATA + layer("Pooling", "pooling_param { kernel_size: 2 global_pooling: true }")),
    ("pooling of a vector", ["x (Pooling"],
     DATA + FC + layer("Pooling", "pooling_param { kernel_size: 2 }", "fc")),
    ("concat of unequal shapes", ["x (Concat"], DATA + FC + layer("Concat", "", "data fc")),
    ("slice that does not divide", ["x (Slice"],
     DATA + 'layer { name: "x" type: "Slice" bottom: "data" top: "a" top: "b" }\n'),
    ("slice points", ["slice_point"],
     DATA + 'layer { name: "x" type: "Slice" bottom: "data" top: "a" top: "b" top: "c" '
            "slice_param { slice_point: 2 slice_point: 1 } }\n"),
    ("eltwise of unequal shapes", ["x (Eltwise"], DATA + FC + layer("Eltwise", "", "data fc")),
    ("eltwise coefficients", ["coeff"],
     DATA + FC + FC.replace('"fc"', '"fd"') +
     layer("Eltwise", "eltwise_param { coeff: 1 }", "fc fd")),
    ("eltwise product with coefficients", ["coeff"],
     DATA + FC + FC.replace('"fc"', '"fd"') +
     layer("Eltwise", "eltwise_param { operation: PROD coeff: 1 coeff: 2 }", "fc fd")),
    ("reshape count", ["x (Reshape"],
     DATA + layer("Reshape", "reshape_param { shape { dim: 5 dim: -1 } }")),
    ("reshape with two unknowns", ["-1"],
     DATA + layer("Reshape", "reshape_param { shape { dim: -1 dim: -1 } }")),
    ("flatten axes", ["x (Flatten"], DATA + layer("Flatten", "flatten_param { axis: 3 end_axis: 1 }")),
    ("batch norm that learns", ["lr_mult"],
     DATA + layer("BatchNorm", "param { lr_mult: 1 }")),
    ("dropout of everything", ["dropout_ratio"],
     DATA + layer("Dropout", "dropout_param { dropout_ratio: 1.5 }")),
    ("spatial dropout of everything", ["x (SpatialDropout", "keep is 0"],
     DATA + layer("SpatialDropout", "spatial_dropout_param { keep: 0 }")),
    ("blocks of a vector", ["x (DropBlock", "4 axes"], DATA + FC + layer("DropBlock", "", "fc")),
    ("blocks without size", ["block_size is 0"],
     DATA + layer("DropBlock", "drop_block_param { block_size: 0 }")),
    ("drop path beyond the last branch", ["x (DropPath", "depth is 3"],
     DATA + layer("DropPath", "drop_path_param { depth: 3 depths: 2 }")),
    ("schedule upside down", ["end_iter is 5"],
     DATA + layer("DropPath", "drop_path_param { start_iter: 9 end_iter: 5 }")),
    ("drop connect without outputs", ["x (DropConnect", "num_output"],
     DATA + layer("DropConnect", "drop_connect_param { keep: 0.5 }")),
    ("shake-shake of one branch", ["x (ShakeShake"], DATA + layer("ShakeShake", "")),
    ("shake-shake that keeps nothing", ["forward is KEEP"],
     DATA + FC + FC.replace('"fc"', '"fd"') +
     layer("ShakeShake", "shake_shake_param { forward: KEEP }", "fc fd")),
    ("shake-drop upside down", ["alpha_min is 2"],
     DATA + layer("ShakeDrop", "shake_drop_param { alpha_min: 2 }")),
    ("scale of another shape", ["x (Scale"], DATA + FC + layer("Scale", "", "data fc")),
    ("labels that do not fit", ["loss (SoftmaxWithLoss"],
     (DATA + FC + LOSS).replace("shape { dim: 4 }", "shape { dim: 4 dim: 2 }")),
    ("top_k above the classes", ["top_k"],
     DATA + FC + layer("Accuracy", "accuracy_param { top_k: 11 }", "fc label")),
    ("unknown filler", ["'xaver'", "xavier"], NET.replace('"xavier"', '"xaver"')),
    ("gaussian filler without width", ["std"],
     NET.replace('type: "xavier"', 'type: "gaussian" std: 0')),
    ("uniform filler upside down", ["min"],
     NET.replace('type: "xavier"', 'type: "uniform" min: 1 max: 0')),
    ("dummy data without shape", ["data (DummyData"], NET.replace("shape {", "data_filler {")
     .replace("dim: 4 dim: 3 dim: 8 dim: 8", "").replace("dim: 4", "")),
    ("blob above 2^31", ["elements"],
     NET.replace("dim: 4 dim: 3 dim: 8 dim: 8", "dim: 65536 dim: 65536")),
]

# --- Solver definitions. (name, parts, text of solver.prototxt, optionally of net.prototxt) ---
DROPBACK = SOLVER + 'type: "ChannelDropBack" channel_dropback_param { skip_layers: 0 OPTIONS }\n'
SOLVERS = [
    ("solver: unknown field", ["base_rl", "base_lr"], SOLVER.replace("base_lr", "base_rl")),
    ("solver: no net", ["net"], SOLVER.replace('net: "net.prototxt"', "")),
    ("solver: two nets", ["net"], SOLVER + 'train_net: "net.prototxt"\n'),
    ("solver: net is missing", ["other.prototxt"], SOLVER.replace("net.prototxt", "other.prototxt")),
    ("solver: unknown type", ["'SDG'", "SGD"], SOLVER + 'type: "SDG"\n'),
    ("solver: type twice", ["solver_type"], SOLVER + 'type: "SGD" solver_type: NESTEROV\n'),
    ("solver: unknown policy", ["'fixd'", "fixed"], SOLVER.replace('"fixed"', '"fixd"')),
    ("solver: no policy", ["lr_policy"], SOLVER.replace('lr_policy: "fixed"', "")),
    ("solver: step without size", ["stepsize"], SOLVER.replace('"fixed"', '"step"')),
    ("solver: negative gamma", ["gamma"], SOLVER.replace('"fixed"', '"exp"') + "gamma: -1\n"),
    ("solver: tests without interval", ["test_interval"], SOLVER + "test_iter: 1\n"),
    ("solver: too few test_iter", ["test_iter"],
     SOLVER + 'test_net: "net.prototxt" test_net: "net.prototxt" test_iter: 1 test_interval: 1\n'),
    ("solver: test states", ["test_state"],
     SOLVER + "test_iter: 1 test_interval: 1 test_state {} test_state {}\n"),
    ("solver: average_loss", ["average_loss"], SOLVER + "average_loss: 0\n"),
    ("solver: unknown penalty", ["L3"],
     SOLVER + 'weight_decay: 0.1 regularization_type: "L3"\n'),
    ("solver: nowhere to write", ["nowhere"],
     SOLVER.replace('"run"', '"nowhere/run"') + "snapshot: 1\n"),
    ("solver: momentum of AdaGrad", ["AdaGrad", "momentum"], SOLVER + 'type: "AdaGrad"\n'),
    ("solver: momentum of RMSProp", ["RMSProp", "momentum"], SOLVER + 'type: "RMSProp"\n'),
    ("solver: rms_decay", ["RMSProp", "rms_decay", "1.5"],
     SOLVER.replace("momentum: 0.9", "rms_decay: 1.5") + 'type: "RMSProp"\n'),
    ("solver: momentum of Adam", ["Adam", "momentum", "1.5"],
     SOLVER.replace("momentum: 0.9", "momentum: 1.5") + 'type: "Adam"\n'),
    ("solver: learning-rate dropout", ["lr_dropout_param.drop_rate", "1.5"],
     SOLVER + "lr_dropout_param { drop_rate { value: 1.5 } }\n"),
    ("dropback: velocity of Adam", ["lr_outside_momentum", "Adam"],
     DROPBACK.replace("OPTIONS", 'base: "Adam" lr_outside_momentum: true')),
    ("dropback: layer rate", ["layer_drop_rate", "1.5"],
     DROPBACK.replace("OPTIONS", 'layer_drop_rate { policy: "fixed" value: 1.5 }')),
    ("dropback: negative rate", ["channel_drop_rate"],
     DROPBACK.replace("OPTIONS", 'channel_drop_rate { policy: "fixed" value: -0.5 }')),
    ("dropback: unknown schedule", ["fixt", "fixed"],
     DROPBACK.replace("OPTIONS", 'layer_drop_rate { policy: "fixt" value: 0.5 }')),
    ("dropback: a rate without value", ["value"],
     DROPBACK.replace("OPTIONS", 'layer_drop_rate { policy: "fixed" }')),
    ("dropback: adaptive without decays", ["adaptive", "lr_policy"],
     DROPBACK.replace("OPTIONS", 'layer_drop_rate { policy: "adaptive" initial: 0 final: 0.3 }')),
    ("dropback: a rule without a layer", ["'fcc'", "'fc'"],
     DROPBACK.replace("OPTIONS", 'layer { name: "fcc" eligible: false }')),
    ("dropback: nothing to drop", ["eligible"],
     DROPBACK.replace("OPTIONS", 'layer { name: "fc" eligible: false }')),
    ("dropback: all layers skipped", ["skip_layers"], DROPBACK.replace("skip_layers: 0 OPTIONS",
                                                                       "skip_layers: 4")),
    ("dropback: negative weight", ["weight"],
     DROPBACK.replace("OPTIONS", 'layer { name: "fc" weight: -1 }')),
    ("dropback: infinite weight", ["weight", "finite"],
     DROPBACK.replace("OPTIONS", 'layer { name: "fc" weight: inf }')),
    ("dropback: bias of an input", ["drop_bias", "channel_axis: OUTPUT"],
     DROPBACK.replace("OPTIONS", "channel_axis: INPUT drop_bias: true")),
    ("dropback: reference without epochs", ["iterations_per_epoch: N milestone: A milestone: B"],
     DROPBACK.replace("skip_layers: 0 OPTIONS", "semantics: REFERENCE")),
    ("dropback: reference without milestones", ["layer_drop_rate { milestone: A milestone: B }"],
     DROPBACK.replace("OPTIONS", "semantics: REFERENCE "
                                 "layer_drop_rate { iterations_per_epoch: 100 }")),
    ("dropback: no iterations in an epoch", ["iterations_per_epoch", "-1"],
     DROPBACK.replace("OPTIONS", "semantics: REFERENCE "
                                 "layer_drop_rate { iterations_per_epoch: -1 }")),
    ("dropback: unknown mask", ["GRADIENTS", "GRADIENT"],
     DROPBACK.replace("OPTIONS", "mask: GRADIENTS")),
    ("dropback: skipped twice", ["skip_layers", "skip_parameters", "choose one"],
     DROPBACK.replace("OPTIONS", "skip_parameters: 2")),
    ("dropback: steps without rates", ["stepvalue", "rate"],
     DROPBACK.replace("OPTIONS", 'layer_drop_rate { policy: "multistep" initial: 0 stepvalue: 1 }')),
    ("dropback: a line that runs backwards", ["start_iter", "end_iter"],
     DROPBACK.replace("OPTIONS", 'layer_drop_rate { policy: "linear" initial: 0 final: 1 '
                                 "start_iter: 5 end_iter: 2 }")),
    ("dropback: a layer that cannot be eligible", ["'fc'", "lr_mult 0"],
     DROPBACK.replace("OPTIONS", 'layer { name: "fc" eligible: true }'),
     NET.replace('top: "fc"', 'top: "fc" param { lr_mult: 0 }')),
    ("dropback: unknown base", ["SDG"], DROPBACK.replace("OPTIONS", 'base: "SDG"')),
]

# --- Databases and transformations. (name, parts, options of data_param, transform_param,
#     change of the database) ---
DATABASES = [
    ("lmdb: missing", ["nothing_lmdb"], "", "", lambda p: p.rename(p.with_name("elsewhere"))),
    ("lmdb: a folder of other things", ["db"], "", "",
     lambda p: (shutil.rmtree(p), p.mkdir(), (p / "x.txt").write_text("x"))),
    ("lmdb: not a database", ["db"], "", "", lambda p: (p / "data.mdb").write_bytes(b"\1" * 9000)),
    ("lmdb: cut off", ["db"], "", "",
     lambda p: os.truncate(p / "data.mdb", (p / "data.mdb").stat().st_size // 2)),
    ("lmdb: empty file", ["db"], "", "", lambda p: os.truncate(p / "data.mdb", 0)),
    ("data: no batch size", ["batch_size"], "batch_size: 0", "", None),
    ("data: LevelDB", ["LEVELDB", "LMDB"], "backend: LEVELDB", "",
     lambda p: (shutil.rmtree(p), p.mkdir(), (p / "CURRENT").write_text("x"))),
    ("transform: crop above the image", ["crop"], "", "crop_size: 40", None),
    ("transform: mean file is missing", ["mean.binaryproto"], "",
     'mean_file: "mean.binaryproto"', None),
    ("transform: mean file and values", ["mean_value"], "",
     'mean_file: "mean.binaryproto" mean_value: 1', None),
    ("transform: number of means", ["mean_value"], "", "mean_value: 1 mean_value: 2", None),
    ("transform: std 0", ["std_value"], "", "std_value: 0", None),
    ("transform: number of stds", ["std_value"], "", "std_value: 1 std_value: 2", None),
]


def net_case(entry):
    name, parts, text = entry
    return Case("net: " + name, parts, lambda d: (d / "net.prototxt").write_text(text),
                ["caffe", "time", "--model", "net.prototxt", "--iterations", "1"])


TRAIN = ["caffe", "train", "--solver", "solver.prototxt"]


def write_run(folder, solver=SOLVER, net=NET):
    (folder / "solver.prototxt").write_text(solver)
    (folder / "net.prototxt").write_text(net)


def solver_case(entry):
    name, parts, text, *net = entry
    return Case(name, parts, lambda d: write_run(d, text, *net), TRAIN)


def database_case(entry, mnist):
    name, parts, options, transform, change = entry

    def prepare(folder):
        shutil.copytree(mnist / "test_lmdb", folder / "db")
        net = LMDB_DATA.replace("LMDB\"", "nothing_lmdb\"" if "missing" in name and change
                                else "db\"", 1)
        if "batch_size" in options:
            net = net.replace("batch_size: 8", "")
        if "backend" in options:
            net = net.replace("backend: LMDB", "")
        net = net.replace("OPTIONS", options).replace("TRANSFORM", transform)
        if change:
            change(folder / "db")
        write_run(folder, net=net + FC + LOSS)
    return Case(name, parts, prepare, TRAIN)


def weight_cases(tools):
    def trained(folder, net=NET):
        write_run(folder, net=net)
        quiet(tools, folder, TRAIN)
        return folder / "run_iter_4.caffemodel", folder / "run_iter_4.solverstate"

    def make(change, net=None):
        def prepare(folder):
            change(*trained(folder))
            if net:
                (folder / "net.prototxt").write_text(net)
        return prepare

    wide = NET.replace("num_output: 10", "num_output: 12")
    no_bias = NET.replace("num_output: 10", "num_output: 10 bias_term: false")
    tune = TRAIN + ["--weights", "run_iter_4.caffemodel"]
    more = SOLVER.replace("max_iter: 4", "max_iter: 8")
    resume = TRAIN + ["--snapshot", "run_iter_4.solverstate"]
    return [
        Case("weights: missing", ["nothing.caffemodel"], lambda d: write_run(d),
             TRAIN + ["--weights", "nothing.caffemodel"]),
        Case("weights: cut off", ["run_iter_4.caffemodel"],
             make(lambda m, s: os.truncate(m, m.stat().st_size // 2)), tune),
        Case("weights: empty file", ["run_iter_4.caffemodel"], make(lambda m, s: os.truncate(m, 0)),
             tune),
        Case("weights: a text file", ["run_iter_4.caffemodel"],
             make(lambda m, s: m.write_text(NET)), tune),
        Case("weights: HDF5", ["HDF5"],
             make(lambda m, s: m.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))), tune),
        Case("weights: other shape", ["fc", "10x192", "12x192"], make(lambda m, s: None, wide), tune),
        Case("weights: other number of blobs", ["fc", "blob"], make(lambda m, s: None, no_bias),
             tune),
        Case("weights and snapshot", ["--weights", "--snapshot"], make(lambda m, s: None),
             tune + ["--snapshot", "run_iter_4.solverstate"]),
        Case("snapshot: missing", ["nothing.solverstate"], lambda d: write_run(d),
             TRAIN + ["--snapshot", "nothing.solverstate"]),
        Case("snapshot: cut off", ["run_iter_4.solverstate"],
             make(lambda m, s: os.truncate(s, s.stat().st_size // 2)), resume),
        Case("snapshot: garbage", ["run_iter_4.solverstate"],
             make(lambda m, s: s.write_bytes(b"\xff" * 100)), resume),
        Case("snapshot: model is missing", ["run_iter_4.caffemodel"], make(lambda m, s: m.unlink()),
             resume),
        Case("snapshot: model is another one", ["run_iter_4.caffemodel"],
             make(lambda m, s: m.write_bytes(m.read_bytes()[:-1] + bytes([m.read_bytes()[-1] ^ 1]))), resume),
        Case("snapshot: of another net", ["another net", "12x192"], make(lambda m, s: None, wide), resume),
        Case("snapshot: the model given as state", ["run_iter_4.caffemodel"],
             make(lambda m, s: None), TRAIN + ["--snapshot", "run_iter_4.caffemodel"]),
        Case("disk full while a snapshot is written", ["run_iter_"],
             lambda d: write_run(d, more), TRAIN, limit=4000),
    ]


METHOD = DROPBACK.replace("OPTIONS", "")
PLAN = ["caffe", "plan", "solver.prototxt"]
COMMANDS = [
    Case("command: unknown", ["'trian'", "train"], lambda d: None, ["caffe", "trian"]),
    Case("command: unknown flag", ["slover", "solver"], lambda d: write_run(d),
         ["caffe", "train", "--slover", "solver.prototxt"]),
    Case("command: no solver", ["--solver"], lambda d: None, ["caffe", "train"]),
    Case("command: solver is missing", ["solver.prototxt"], lambda d: None, TRAIN),
    Case("command: solver is a folder", ["solver.prototxt"],
         lambda d: (d / "solver.prototxt").mkdir(), TRAIN),
    Case("command: a number is none", ["iterations"], lambda d: write_run(d),
         ["caffe", "time", "--model", "net.prototxt", "--iterations", "many"]),
    Case("command: no model", ["--model"], lambda d: None, ["caffe", "test"]),
    Case("command: no weights", ["--weights"], lambda d: write_run(d),
         ["caffe", "test", "--model", "net.prototxt"]),
    Case("command: phase", ["phase"], lambda d: write_run(d),
         ["caffe", "time", "--model", "net.prototxt", "--phase", "TRIAN"]),
    Case("command: signal effect", ["sigint_effect"], lambda d: write_run(d),
         TRAIN + ["--sigint_effect", "jump"]),
    Case("command: no GPU", ["GPU"], lambda d: write_run(d), TRAIN + ["--gpu", "99"]),
    Case("command: GPU is no number", ["gpu"], lambda d: write_run(d), TRAIN + ["--gpu", "one"]),
    Case("command: an existing file is binary", ["net.prototxt"],
         lambda d: (d / "net.prototxt").write_bytes(bytes(range(256))),
         ["caffe", "summary", "net.prototxt"]),
    Case("solver: a net that is elsewhere", ["solver.prototxt", "'net.prototxt'", "relative"],
         lambda d: (d / "solver.prototxt").write_text(SOLVER), TRAIN),
    Case("solver: a test net that is elsewhere", ["'test.prototxt'", "relative"],
         lambda d: write_run(d, SOLVER + 'test_net: "test.prototxt" test_iter: 1 '
                                         'test_interval: 1\n'), TRAIN),
    Case("solver: a net that is a folder", ["'net.prototxt'", "directory"],
         lambda d: ((d / "solver.prototxt").write_text(SOLVER), (d / "net.prototxt").mkdir()),
         TRAIN),
    Case("solver: no GPU", ["solver_mode: GPU", "CPU"],
         lambda d: write_run(d, SOLVER.replace("solver_mode: CPU", "solver_mode: GPU device_id: 99")), TRAIN),
    Case("command: folder for logs", ["--log_dir", "nowhere"], lambda d: write_run(d),
         TRAIN + ["--log_dir", "nowhere"]),
    Case("test: weights are a folder", ["weights", "directory"],
         lambda d: (write_run(d), (d / "weights").mkdir()),
         ["caffe", "test", "--model", "net.prototxt", "--weights", "weights"]),
    Case("train: CSV in a folder that is not there", ["--log_csv", "nowhere"],
         lambda d: write_run(d), TRAIN + ["--log_csv", "nowhere/run.csv"]),
    Case("train: CSV is a folder", ["--log_csv", "run.csv", "directory"],
         lambda d: (write_run(d), (d / "run.csv").mkdir()), TRAIN + ["--log_csv", "run.csv"]),
    Case("train: CSV is no file", ["--log_csv", "/dev/full"],
         lambda d: write_run(d), TRAIN + ["--log_csv", "/dev/full"]),
    Case("train: CSV is another file", ["--log_csv", "net.prototxt"],
         lambda d: write_run(d), TRAIN + ["--log_csv", "net.prototxt"]),
    Case("train: CSV without a name", ["--log_csv"], lambda d: write_run(d), TRAIN + ["--log_csv"]),
    Case("train: CSV on a full disk", ["run.csv"], lambda d: write_run(d),
         TRAIN + ["--log_csv", "run.csv"], limit=50),
    Case("train: TensorBoard's directory is a file", ["--log_tensorboard", "net.prototxt"],
         lambda d: write_run(d), TRAIN + ["--log_tensorboard", "net.prototxt"]),
    Case("train: TensorBoard's directory below a file", ["--log_tensorboard", "net.prototxt"],
         lambda d: write_run(d), TRAIN + ["--log_tensorboard", "net.prototxt/board"]),
    Case("plan: no solver", ["--solver"], lambda d: None, ["caffe", "plan"]),
    Case("plan: solver is missing", ["nothing.prototxt"], lambda d: None,
         ["caffe", "plan", "nothing.prototxt"]),
    Case("plan: solver is a folder", ["solver.prototxt", "directory"],
         lambda d: (d / "solver.prototxt").mkdir(), ["caffe", "plan", "solver.prototxt"]),
    Case("plan: net is missing", ["net.prototxt"],
         lambda d: (d / "solver.prototxt").write_text(METHOD), PLAN),
    Case("plan: a net for a solver", ["net.prototxt", "solver"], lambda d: write_run(d),
         ["caffe", "plan", "net.prototxt"]),
    Case("plan: solver without the method", ["SGD", "ChannelDropBack"], lambda d: write_run(d), PLAN),
    Case("plan: unknown solver type", ["'SDG'", "SGD"],
         lambda d: write_run(d, METHOD.replace("ChannelDropBack", "SDG")), PLAN),
    Case("plan: no iterations", ["max_iter"],
         lambda d: write_run(d, METHOD.replace("max_iter: 4", "")), PLAN),
    Case("plan: no policy", ["lr_policy"],
         lambda d: write_run(d, METHOD.replace('lr_policy: "fixed"', "")), PLAN),
    Case("plan: a rate out of range", ["layer_drop_rate", "1.5"],
         lambda d: write_run(d, METHOD.replace("skip_layers: 0",
                                               "skip_layers: 0 layer_drop_rate { value: 1.5 }")),
         PLAN),
    Case("plan: number of plans", ["--plans"], lambda d: write_run(d, METHOD),
         PLAN + ["--plans", "-1"]),
    Case("plan: plans is no number", ["plans"], lambda d: write_run(d, METHOD),
         PLAN + ["--plans", "few"]),
    Case("plan: samples", ["--samples"], lambda d: write_run(d, METHOD), PLAN + ["--samples", "-5"]),
    Case("plan: kind of picture", ["rates.jpg", ".svg"], lambda d: write_run(d, METHOD),
         PLAN + ["--plot", "rates.jpg"]),
    Case("plan: picture in a folder that is not there", ["nowhere"],
         lambda d: write_run(d, METHOD), PLAN + ["--plot", "nowhere/rates.svg"]),
    Case("plan: picture on a full disk", ["rates.svg"], lambda d: write_run(d, METHOD),
         PLAN + ["--plot", "rates.svg"], limit=1000),
    Case("plan: unknown shape of the data", ["--input_shape"],
         lambda d: write_run(d, METHOD, LMDB_DATA.replace("OPTIONS", "").replace("TRANSFORM", "") +
                             FC + LOSS), PLAN),
    Case("train: a net for a solver", ["net.prototxt", "solver"], lambda d: write_run(d),
         ["caffe", "train", "--solver", "net.prototxt"]),
    Case("time: a solver for a net", ["solver.prototxt", "net"], lambda d: write_run(d),
         ["caffe", "time", "--model", "solver.prototxt"]),
    Case("summary: shape", ["input_shape"], lambda d: write_run(d),
         ["caffe", "summary", "net.prototxt", "--input_shape", "data=1,x"]),
]


def limited(limit):
    """Makes writes beyond `limit` bytes of a file fail, as on a full disk."""
    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return prepare


def start(tools, folder, command, limit=None):
    return subprocess.run([tools / command[0], *command[1:]], cwd=folder, capture_output=True,
                          text=True, errors="replace", timeout=120,
                          preexec_fn=limited(limit) if limit else None)


def quiet(tools, folder, command):
    done = start(tools, folder, command)
    if done.returncode != 0:
        sys.exit(f"{command} should work, but: {done.stderr[-2000:]}")


def message_of(done, program):
    """The last lines of standard error, from the one that starts the message."""
    start = "Error: " if program == "caffe" else f"{program}: "
    lines = done.stderr.splitlines()
    first = [number for number, line in enumerate(lines) if line.startswith(start)]
    return "\n".join(lines[first[0]:]) if len(first) == 1 else ""


def problems(done, message, parts):
    """What is wrong with how the program refused."""
    if done.returncode != 1:
        yield f"exit code {done.returncode}"
    if not message:
        yield f"no single message: {done.stderr[-500:]}"
    for part in parts:
        if part not in message:
            yield f"no '{part}' in the message"
    for trace in ("Check failed", "*** ", "terminate called", "/caffe/"):
        if trace in message:
            yield f"'{trace}' in the message"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", type=Path, help="folder of the built programs")
    parser.add_argument("names", nargs="*", help="only cases whose names contain one of these")
    args = parser.parse_args()
    tools = args.tools.resolve()
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        quiet(tools, work, ["convert_mnist", str(SMALL_MNIST), "mnist"])
        cases = ([net_case(entry) for entry in NETS] + [solver_case(entry) for entry in SOLVERS] +
                 [database_case(entry, work / "mnist") for entry in DATABASES] +
                 weight_cases(tools) + COMMANDS + DATA_TOOLS)
        if args.names:
            cases = [case for case in cases if any(name in case.name for name in args.names)]
        for number, case in enumerate(cases):
            folder = work / str(number)
            folder.mkdir()
            case.prepare(folder)
            before = {path.name for path in folder.iterdir()}
            done = start(tools, folder, case.command, case.limit)
            message = message_of(done, case.command[0])
            wrong = list(problems(done, message, case.parts))
            left = [path.name for path in folder.iterdir()
                    if path.name not in before and ("tmp" in path.name or "part" in path.name)]
            if left:
                wrong.append(f"left behind {left}")
            print(f"{'FAIL' if wrong else 'ok  '} {case.name}: {message[:400]}")
            for text in wrong:
                print(f"     {text}")
            failed += bool(wrong)
    print(f"{len(cases) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
