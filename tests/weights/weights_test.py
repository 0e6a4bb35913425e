#!/usr/bin/env python3
"""Published weights, imported, make our nets compute what PyTorch computes with them; exported,
they are the same bits again; and recipes of the paper start from them.

    weights_test.py TOOLS_DIR [NAME...]

One net of each architecture, or with CAFFE_TEST_FULL=1 all of them, or those that are named: files
of tests/data/oracles/weights.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from pth_writer import tensors, write_legacy, write_zip
from weight_oracle import Oracle, image, read_safetensors, write_safetensors

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "scripts"))
sys.dont_write_bytecode = True
from caffe_weights.caffemodel import read_caffemodel, write_caffemodel  # noqa: E402
from caffe_weights.net_definition import read_net  # noqa: E402

TOLERANCE = 1e-4
# By name: folder of the net, side of the images, further options.
IMAGENET = ["resnet18", "mobilenetv2", "efficientnet_b0", "densenet121", "shufflenetv2_x0_5"]
LONG = ["resnet34", "resnet50", "resnet101", "shufflenetv2_x1_0", "vit_b16", "vit_l16"]
TINY = "vit_tiny/cifar100"
QUICK_NETS = {
    **{name: (f"{name}/imagenet", 224, []) for name in IMAGENET},
    "resnet18_hugging_face": ("resnet18/imagenet", 224, []),
    "vit_tiny": (TINY, 32, []),
    "vit_tiny_timm": (TINY, 32, []),
    "vit_tiny_hugging_face": (TINY, 32, []),
    "vit_tiny_original": (TINY, 32, []),
    "vit_tiny_48": (TINY, 48, []),
    "vit_tiny_48_bicubic": (TINY, 48, ["--position_resize", "bicubic"]),
}
NETS = {**QUICK_NETS, **{name: (f"{name}/imagenet", 224, []) for name in LONG},
        "resnet50_hugging_face": ("resnet50/imagenet", 224, [])}
# Those whose file has the names that are exported.
EXPORTED = {*IMAGENET, *LONG, "vit_tiny"}


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-500:]}\n{done.stderr[-3000:]}")
    return done.stdout + done.stderr


def write_source(name, arrays, work):
    """In the form in which such files are published."""
    if name == "vit_tiny_original":
        np.savez(work / "source.npz", **arrays)
        return work / "source.npz"
    if name in ("resnet18", "densenet121"):
        write_legacy(work / "source.pth", tensors(arrays))
        return work / "source.pth"
    if name in ("vit_tiny", "efficientnet_b0"):
        write_zip(work / "source.pth", tensors(arrays))
        return work / "source.pth"
    write_safetensors(work / "source.safetensors", arrays)
    return work / "source.safetensors"


def write_net(folder, size, work):
    """The deploy net for images of a size, without its softmax."""
    text = (SOURCE / "models" / folder / "deploy.prototxt").read_text()
    text = text[:text.rindex("layer {")]
    if size == 48:
        text = text.replace("dim: 32 dim: 32", "dim: 48 dim: 48")
    (work / "net.prototxt").write_text(text)
    return work / "net.prototxt"


def scores(tools, net, model, size, work):
    image(size).tofile(work / "image.bin")
    run(tools / "dump_scores", net, model, work / "image.bin", work / "scores.bin")
    return np.fromfile(work / "scores.bin", np.float32)


def check(name, tools, work):
    folder, size, options = NETS[name]
    oracle = Oracle(name)
    arrays = oracle.arrays()
    source, net = write_source(name, arrays, work), write_net(folder, size, work)
    model = work / "net.caffemodel"
    printed = run(sys.executable, SOURCE / "scripts/import_weights", source, "--net", net, "--out",
                  model, *options)
    problems = ["some tensors were not used"] if "not used" in printed else []
    found = scores(tools, net, model, size, work)
    difference = oracle.differences(found)
    if not difference <= TOLERANCE:
        problems.append("the scores differ")
    if name in EXPORTED:
        problems += check_round_trip(net, model, arrays, work)
    if name == "resnet18":
        problems += check_trained_statistics(tools, net, model, found, work)
    print(f"{name}: largest difference {difference:.1e} {', '.join(problems) or 'ok'}", flush=True)
    return not problems


def convert_back(net, model, work, suffix):
    exported, again = work / f"{suffix}.safetensors", work / f"{suffix}.caffemodel"
    run(sys.executable, SOURCE / "scripts/export_weights", model, "--net", net, "--out", exported)
    run(sys.executable, SOURCE / "scripts/import_weights", exported, "--net", net, "--out", again)
    return exported, again


def check_round_trip(net, model, arrays, work):
    exported, again = convert_back(net, model, work, "back")
    found = read_safetensors(exported)
    problems = []
    if set(found) != set(arrays) or any(
            found[key].shape != array.shape or found[key].tobytes() != array.tobytes()
            for key, array in arrays.items()):
        problems.append("exported tensors are not those that were imported")
    if again.read_bytes() != model.read_bytes():
        problems.append("the caffemodel changes when it is exported and imported")
    return problems


def check_trained_statistics(tools, net, model, wanted, work):
    """Training leaves sums of statistics and their factor: exported they are statistics, with which
    the net computes the same bits."""
    layers = [layer if layer.type != "BatchNorm" else layer._replace(
        blobs=[blob * np.float32(9.7) for blob in layer.blobs]) for layer in read_caffemodel(model)]
    trained = work / "trained.caffemodel"
    with open(trained, "wb") as file:
        write_caffemodel(file, "", layers)
    before = scores(tools, net, trained, 224, work)
    after = scores(tools, net, convert_back(net, trained, work, "trained_back")[1], 224, work)
    if before.tobytes() != after.tobytes():
        return ["trained batch norm computes other scores after export and import"]
    return [] if np.allclose(before, wanted, rtol=0, atol=1e-3) else ["factors of batch norm count"]


# Recipes that start from published weights: name of the file, folder of the recipe.
RECIPES = [("resnet50", "resnet50/cifar10_224")]
LONG_RECIPES = [("vit_b16", "vit_b16/cifar100"), ("vit_b16", "vit_b16/imagenet_384"),
                ("resnet50", "resnet50/imagenet")]
DUMMY_DATA = """layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
  shape { dim: 2 dim: 3 dim: %(size)d dim: %(size)d } shape { dim: 2 }
  data_filler { type: "gaussian" } data_filler { value: 1 } } }
"""


def check_recipe(name, folder, tools, work):
    """Two iterations of a recipe; all layers are loaded but a classifier of other classes."""
    text = (SOURCE / "models" / folder / "train_val.prototxt").read_text()
    head, _, _, rest = text.split("layer {", 3)
    size = 384 if folder.endswith("384") else 224
    (work / "net.prototxt").write_text(head + DUMMY_DATA % {"size": size} + "layer {" + rest)
    solver = (SOURCE / "models" / folder / "solver_channel_dropback.prototxt").read_text()
    solver = re.sub(r"(?m)^(net|test_iter|test_interval|max_iter|stepvalue|iter_size|snapshot|"
                    r"snapshot_prefix): .*\n", "", solver)
    decay = "stepvalue: 1" if '"multistep"' in solver else ""
    (work / "solver.prototxt").write_text(
        solver + f'net: "{work}/net.prototxt" max_iter: 2 {decay} snapshot_after_train: false\n')
    keeps_classifier = folder.split("/")[1].startswith("imagenet")
    arrays = Oracle(name).arrays()
    source = write_source(name, arrays, work)
    run(sys.executable, SOURCE / "scripts/import_weights", source, "--net",
        SOURCE / "models" / folder, "--out", work / "net.caffemodel",
        *([] if keeps_classifier else ["--drop_classifier"]))
    log = run(tools / "caffe", "train", "--solver", work / "solver.prototxt", "--weights",
              work / "net.caffemodel")
    fresh = re.findall(r"initialised from scratch \(.*\n\s+(.*)", log)
    good = "] Loaded from" in log and fresh == ([] if keeps_classifier else ["fc"]) and \
        "] Not " not in log and "Optimization Done" in log
    print(f"{folder} from {name}: {'ok' if good else 'NOT AS IT SHOULD BE'}", flush=True)
    return good


def check_example(tools):
    """The net of docs/fine_tuning.md can be built, and has the layers of its model."""
    net = SOURCE / "docs" / "fine_tuning" / "resnet20_cifar100.prototxt"
    good = "classifier" in run(tools / "caffe", "summary", net)
    shared = Path(os.environ.get("CAFFE_SHARED_DATA", SOURCE.parent / "shared" / "data"))
    model = shared / "caffemodels" / "resnet20_cifar10.caffemodel"
    if model.is_file():
        stored = [layer.name for layer in read_caffemodel(model)]
        good &= [layer.name for layer in read_net(net).layers] == [*stored[:-1], "classifier"]
    print(f"docs/fine_tuning: {'ok' if good else 'NOT AS IT SHOULD BE'}", flush=True)
    return good


def main():
    tools = Path(sys.argv[1]).resolve()
    chosen = sys.argv[2:] or (NETS if os.environ.get("CAFFE_TEST_FULL") else QUICK_NETS)
    results = []
    for name in chosen:
        with tempfile.TemporaryDirectory() as work:
            results.append(check(name, tools, Path(work)))
    if len(sys.argv) == 2:
        results.append(check_example(tools))
        for recipe in RECIPES + (LONG_RECIPES if os.environ.get("CAFFE_TEST_FULL") else []):
            with tempfile.TemporaryDirectory() as work:
                results.append(check_recipe(*recipe, tools, Path(work)))
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
