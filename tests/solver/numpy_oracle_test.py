#!/usr/bin/env python3
"""Weights, history and drop plans of 20 iterations against NumPy, for every option and rule.

    numpy_oracle_test.py DUMP_UPDATES [NAME...]

DUMP_UPDATES trains a small net and writes down gradients, plans, weights and history. From the
same gradients numpy_oracle.py makes its own; they have to agree to 1e-6. Exit code 77: no NumPy.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
except ImportError:
    print("skipped: NumPy is not installed")
    sys.exit(77)

from numpy_oracle import PAPER, REFERENCE, RULES, Layer, Training

ITERATIONS = 20
TOLERANCE = 1e-6

LAYERS = [
    Layer("conv1", "Convolution", [(8, 3, 3, 3), (8,)], [1, 2], [1, 0]),
    Layer("bn1", "BatchNorm", [(8,), (8,), (1,)], [0, 0, 0], [0, 0, 0]),
    Layer("scale1", "Scale", [(8,), (8,)], [1, 1], [1, 1]),
    Layer("conv2", "Convolution", [(12, 4, 3, 3), (12,)], [1, 2], [1, 0]),
    Layer("deconv", "Deconvolution", [(12, 3, 2, 2), (6,)], [1, 1], [1, 1], outputs=1, inputs=0),
    Layer("ip1", "InnerProduct", [(96, 10), (10,)], [1, 1], [1, 1], outputs=1, inputs=0),
    Layer("ip2", "InnerProduct", [(5, 10)], [0.5], [2]),
]
for previous, following in zip(LAYERS, LAYERS[1:]):
    following.first = previous.first + len(previous.shapes)

NET = """name: "oracle"
layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
  shape { dim: 4 dim: 3 dim: 8 dim: 8 } shape { dim: 4 }
  data_filler { type: "gaussian" std: 1 } data_filler { type: "constant" value: 1 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" PARAMS
  convolution_param { num_output: 8 kernel_size: 3 pad: 1 FILLERS } }
layer { name: "bn1" type: "BatchNorm" bottom: "conv1" top: "bn1" PARAMS }
layer { name: "scale1" type: "Scale" bottom: "bn1" top: "bn1" PARAMS
  scale_param { bias_term: true } }
layer { name: "relu1" type: "ReLU" bottom: "bn1" top: "bn1" }
layer { name: "conv2" type: "Convolution" bottom: "bn1" top: "conv2" PARAMS
  convolution_param { num_output: 12 kernel_size: 3 stride: 2 group: 2 FILLERS } }
layer { name: "relu2" type: "ReLU" bottom: "conv2" top: "conv2" }
layer { name: "deconv" type: "Deconvolution" bottom: "conv2" top: "deconv" PARAMS
  convolution_param { num_output: 6 kernel_size: 2 group: 2 FILLERS } }
layer { name: "ip1" type: "InnerProduct" bottom: "deconv" top: "ip1" PARAMS
  inner_product_param { num_output: 10 transpose: true FILLERS } }
layer { name: "relu3" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" PARAMS
  inner_product_param { num_output: 5 bias_term: false weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
"""
FILLERS = 'weight_filler { type: "xavier" } bias_filler { type: "gaussian" std: 0.1 }'


def net_text():
    text = NET.replace("FILLERS", FILLERS)
    for layer in LAYERS:
        params = " ".join(f"param {{ lr_mult: {lr} decay_mult: {decay} }}"
                          for lr, decay in zip(layer.lr, layer.decay))
        text = text.replace("PARAMS", params, 1)
    return text


# --- Cases: (name, rule, settings, options of the method or None, lr dropout or None). ---
def paper(**options):
    """The paper's reading, with rates at which something happens in 20 iterations."""
    defaults = dict(layer_drop_rate=dict(value=0.75))
    if "skip_parameters" not in options:
        defaults["skip_layers"] = 1
    return dict(defaults, **options)


EPOCHS = dict(initial=0.5, final=1.0, iterations_per_epoch=2, milestone=[1, 4])


def reference(**options):
    return dict(dict(semantics="REFERENCE", layer_drop_rate=EPOCHS), **options)


def adaptive(rule):
    return rule not in ("SGD", "Nesterov")


def settings_of(rule, **more):
    """Steps of rules that divide by the gradient's size are small, so that they do not blow up
    rounding where a gradient and the weight decay cancel."""
    settings = dict(base_lr=0.002 if adaptive(rule) else 0.05, gamma=0.5, stepvalue=[6, 13],
                    weight_decay=0.01, random_seed=7)
    if rule not in ("AdaGrad", "RMSProp"):
        settings["momentum"] = 0.9
    return dict(settings, **more)


MASKS = ("UPDATE", "GRADIENT", "SKIP")
SINGLE_OPTIONS = [
    dict(selection="EACH_LAYER"), dict(selection="ONE_LAYER"),
    dict(distribution="LINEAR_DEPTH"), dict(distribution="CHANNELS"),
    dict(selection="EACH_LAYER", distribution="LINEAR_DEPTH"),
    dict(channel_axis="INPUT"), dict(channel_axis="OUTPUT"), dict(channel_count="EXACT"),
    dict(all_dropped="DROP_NONE", channel_drop_rate=dict(value=0.95)),
    dict(all_dropped="DROP_ALL", channel_drop_rate=dict(value=0.95)),
    dict(mask="UPDATE"), dict(mask="GRADIENT"), dict(mask="SKIP"),
    dict(rescale=True), dict(rescale=False),
    dict(drop_bias=True, channel_axis="OUTPUT"),
    dict(drop_bias=True, channel_axis="OUTPUT", mask="SKIP", rescale=True),
    dict(lr_outside_momentum=True), dict(lr_outside_momentum=False),
    dict(skip_layers=0), dict(skip_layers=3), dict(skip_parameters=4),
    dict(layer=[dict(name="conv2", eligible=False), dict(name="ip1", weight=4.0)]),
    dict(layer=[dict(name="conv1", eligible=True)]),
    dict(layer_drop_rate=dict(policy="linear", initial=0.2, final=1.0, start_iter=2, end_iter=12)),
    dict(layer_drop_rate=dict(policy="adaptive", initial=0.3, final=0.9)),
    dict(channel_drop_rate=dict(policy="linear", initial=0.0, final=1.0, start_iter=0,
                                end_iter=20)),
] + [dict(freeze_unselected=True, mask=mask) for mask in MASKS]


def cases():
    for rule in RULES:
        yield f"{rule}, no method", rule, settings_of(rule), None, None
        yield f"{rule}, PAPER", rule, settings_of(rule), paper(), None
        yield f"{rule}, REFERENCE", rule, settings_of(rule), reference(), None
    for options in SINGLE_OPTIONS:
        yield f"PAPER, {options}", "SGD", settings_of("SGD"), paper(**options), None
        yield (f"REFERENCE, {options}", "Nesterov", settings_of("Nesterov"), reference(**options),
               None)
    yield ("PAPER, its own defaults", "SGD", settings_of("SGD"), {}, None)
    for mask in MASKS:
        for more in (dict(clip_gradients=0.5), dict(clip_gradients=0.5, iter_size=3)):
            yield (f"{mask}, rescale, {more}", "SGD", settings_of("SGD", **more),
                   paper(mask=mask, rescale=True), None)
        yield (f"{mask}, frozen, clipped", "SGD", settings_of("SGD", clip_gradients=0.5),
               paper(mask=mask, freeze_unselected=True), None)
    yield ("L1", "SGD", settings_of("SGD", regularization_type="L1", weight_decay=0.001), paper(),
           None)
    rising = dict(policy="linear", initial=0.0, final=1.0, start_iter=0, end_iter=20)
    for rule in RULES:
        yield f"{rule}, lr dropout", rule, settings_of(rule), None, dict(value=0.5)
    yield "lr dropout rises", "SGD", settings_of("SGD"), None, rising
    for mask in MASKS:
        yield (f"{mask}, lr dropout", "Nesterov", settings_of("Nesterov"),
               paper(mask=mask, freeze_unselected=True), dict(value=0.3))
    yield "REFERENCE, lr dropout", "Adam", settings_of("Adam"), reference(), rising


# --- Text of a solver file. ---
ENUMS = {"semantics", "selection", "distribution", "channel_axis", "channel_count", "all_dropped",
         "mask"}


def text_of(name, value):
    if isinstance(value, list):
        return " ".join(text_of(name, entry) for entry in value)
    if isinstance(value, dict):
        return f"{name} {{ {' '.join(text_of(n, v) for n, v in value.items())} }}"
    if isinstance(value, bool):
        return f"{name}: {str(value).lower()}"
    return f'{name}: "{value}"' if isinstance(value, str) and name not in ENUMS else f"{name}: {value}"


def solver_text(rule, settings, options, lr_dropout):
    fields = dict(net="net.prototxt", lr_policy="multistep", max_iter=ITERATIONS,
                  snapshot_after_train=False, type=rule, **settings)
    if options is not None:
        fields["channel_dropback_param"] = options
    if lr_dropout:
        fields["lr_dropout_param"] = dict(drop_rate=lr_dropout)
    return "\n".join(text_of(name, value) for name, value in fields.items()) + "\n"


def resolved(rule, options):
    """The options with the reading's defaults."""
    if options is None:
        return None
    reading = dict(REFERENCE if options.get("semantics") == "REFERENCE" else PAPER)
    if reading["lr_outside_momentum"] and adaptive(rule):
        reading["lr_outside_momentum"] = False
    if "skip_layers" in options:
        reading["skip_parameters"] = -1
    if "skip_parameters" in options:
        reading["skip_layers"] = 0
    reading.update(options)
    if reading["layer_drop_rate"] is EPOCHS:
        reading["layer_drop_rate"] = dict(policy="reference", **EPOCHS)
    return reading


def read_dump(path):
    arrays, content, position = {}, path.read_bytes(), 0
    while position < len(content):
        end = content.index(b"\n", position)
        name, count = content[position:end].decode().rsplit(" ", 1)
        position = end + 1
        arrays[name] = np.frombuffer(content, np.float64, int(count), position)
        position += 8 * int(count)
    return arrays


def difference(actual, wanted):
    return float(np.max(np.abs(actual - wanted) / (1 + np.abs(wanted)), initial=0))


def check_plan(plan, arrays, k):
    if not np.allclose(arrays[f"{k}/rates"], plan.rates, rtol=0, atol=1e-9):
        return f"rates {arrays[f'{k}/rates']}, not {plan.rates}"
    found = {name.split("/", 2)[2] for name in arrays if name.startswith(f"{k}/keep/")}
    if found != set(plan.keep):
        return f"eligible are {sorted(found)}, not {sorted(plan.keep)}"
    for name, keep in plan.keep.items():
        if not np.array_equal(arrays[f"{k}/keep/{name}"], keep):
            return f"other channels of {name} are dropped"
    return ""


def check(arrays, rule, settings, options, lr_dropout):
    """"" or what is wrong; and the largest difference, the number of dropped channels."""
    blobs = [(layer, b) for layer in LAYERS for b in range(len(layer.shapes))]
    shapes = [layer.shapes[b] for layer, b in blobs]
    start = [arrays[f"start/weight/{p}"].reshape(shape) for p, shape in enumerate(shapes)]
    training = Training(LAYERS, start, rule, settings, resolved(rule, options), lr_dropout)
    worst, dropped = 0.0, 0
    for k in range(ITERATIONS):
        for p, (layer, b) in enumerate(blobs):
            if layer.lr[b] == 0:  # statistics, which the forward pass has moved
                training.w[p] = arrays[f"{k}/weight/{p}"].reshape(shapes[p])
        training.step(k, [arrays[f"{k}/gradient/{p}"].reshape(s) for p, s in enumerate(shapes)])
        if training.plan:
            wrong = check_plan(training.plan, arrays, k)
            if wrong:
                return f"iteration {k}: {wrong}", worst, dropped
            dropped += sum(int((~keep).sum()) for keep in training.plan.keep.values())
        pairs = [(f"{k}/weight/{p}", w) for p, w in enumerate(training.w)]
        history = [h for number in training.h for h in number]
        pairs += [(f"{k}/history/{i}", h) for i, h in enumerate(history)]
        if f"{k}/history/{len(history)}" in arrays:
            return "too many history blobs", worst, dropped
        for name, wanted in pairs:
            found = difference(arrays[name].reshape(wanted.shape), wanted)
            worst = max(worst, found)
            if not found <= TOLERANCE:
                return f"{name} differs by {found:.3g}", worst, dropped
    return "", worst, dropped


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path, help="dump_updates")
    parser.add_argument("names", nargs="*", help="only cases whose names contain one of these")
    args = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "net.prototxt").write_text(net_text())
        for name, rule, settings, options, lr_dropout in cases():
            if args.names and not any(part in name for part in args.names):
                continue
            text = solver_text(rule, settings, options, lr_dropout)
            (folder / "solver.prototxt").write_text(text)
            done = subprocess.run([args.program.resolve(), "solver.prototxt", str(ITERATIONS), "out"],
                                  cwd=folder, capture_output=True, text=True, timeout=120,
                                  env=dict(os.environ, OMP_NUM_THREADS="1"))
            if done.returncode != 0:
                wrong, worst, dropped = done.stderr.strip(), 0, 0
            else:
                wrong, worst, dropped = check(read_dump(folder / "out"), rule, settings, options,
                                              lr_dropout)
                if not wrong and options and not dropped:
                    wrong = "nothing was dropped: the case shows nothing"
            print(f"{'FAIL' if wrong else 'ok  '} {name}: {dropped} channels dropped, "
                  f"largest difference {worst:.2g}")
            if wrong:
                print(f"     {wrong}\n{text}")
            failed += bool(wrong)
            passed += not wrong
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
