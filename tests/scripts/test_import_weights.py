"""scripts/import_weights and export_weights: names, shapes, positions, mistakes. What nets compute
with imported weights is tested in tests/weights."""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import numpy as np

TESTS = pathlib.Path(__file__).resolve().parents[1]
SCRIPTS = TESTS.parent / "scripts"
MODELS = TESTS.parent / "models"
sys.dont_write_bytecode = True
sys.path[:0] = [str(SCRIPTS), str(TESTS / "weights")]
from caffe_weights import positions  # noqa: E402
from caffe_weights.architectures import architecture_of  # noqa: E402
from caffe_weights.caffemodel import (ModelLayer, read_caffemodel,  # noqa: E402
                                      write_caffemodel)
from caffe_weights.net_definition import read_net  # noqa: E402
from caffe_weights.report import joined  # noqa: E402
from caffe_weights.tensor import WeightsError  # noqa: E402
from weight_oracle import (STORED, Oracle, read_safetensors, values,  # noqa: E402
                           write_safetensors)


class Scripts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        self.source, self.model = self.work / "source", self.work / "net.caffemodel"

    def call(self, script, *arguments):
        return subprocess.run([sys.executable, SCRIPTS / script, *map(str, arguments)],
                              capture_output=True, text=True)

    def convert(self, net, *options, arrays=None):
        """Imports `arrays` for a net. @return blobs by layer, and what was printed"""
        if arrays is not None:
            write_safetensors(self.source, arrays)
        done = self.call("import_weights", self.source, "--net", net, "--out", self.model, *options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return {layer.name: layer.blobs for layer in read_caffemodel(self.model)}, done.stdout

    def expect_error(self, net, *parts, options=(), arrays=None):
        if arrays is not None:
            write_safetensors(self.source, arrays)
        self.model.write_bytes(b"older")
        done = self.call("import_weights", self.source, "--net", net, "--out", self.model, *options)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"\Aimport_weights: error: .*\n\Z")
        for part in parts:
            self.assertIn(part, done.stderr)
        self.assertEqual(self.model.read_bytes(), b"older")
        self.assertEqual({p.name for p in self.work.iterdir()} - {"source", "net.prototxt"},
                         {"net.caffemodel"}, "nothing half-written is left")

    def write_net(self, folder, *replacements, file="train_val"):
        text = (MODELS / folder / f"{file}.prototxt").read_text()
        for old, new in replacements:
            self.assertIn(old, text)
            text = text.replace(old, new)
        path = self.work / "net.prototxt"
        path.write_text(text)
        return path


def shapes_of(folder):
    """Tensors of a net in the names that are exported, from nothing but names and definition."""
    net = read_net(MODELS / folder)
    naming = architecture_of(net)[1][0]
    return {part.key for layer in net.layers for part in naming.parts(layer)}


class Names(unittest.TestCase):
    def test_all_tensors_of_every_published_net_have_a_place(self):
        for name in ("resnet18", "resnet34", "resnet50", "resnet101", "mobilenetv2",
                     "efficientnet_b0", "densenet121", "shufflenetv2_x0_5", "shufflenetv2_x1_0",
                     "vit_b16", "vit_l16"):
            self.assertEqual(shapes_of(f"{name}/imagenet"), set(Oracle(name).shapes), name)

    def test_every_net_of_models_has_a_name_for_each_of_its_blobs(self):
        for folder in sorted(MODELS.glob("*/*/train_val*.prototxt")):
            net = read_net(folder)
            deployed = read_net(folder.with_name("deploy.prototxt"))
            self.assertEqual([layer.name for layer in net.layers],
                             [layer.name for layer in deployed.layers], folder)
            self.assertIn(net.classifier.name, ("fc", "ip2"), folder)
            naming = architecture_of(net)[1][0]
            keys = []
            for layer in net.layers:
                parts = naming.parts(layer)
                self.assertIsNotNone(parts, f"{folder}: {layer.name}")
                self.assertEqual(len(parts), len(layer.roles) - ("factor" in layer.roles))
                keys += [(part.key, part.layout.index) for part in parts]
            self.assertEqual(len(set(keys)), len(keys), folder)

    def test_joined_names(self):
        self.assertEqual(joined(["a.b.weight", "a.b.bias"]), "a.b.{weight, bias}")
        self.assertEqual(joined(["a.in_weight", "a.in_bias"]), "a.in_{weight, bias}")
        self.assertEqual(joined(["cls"]), "cls")
        self.assertEqual(joined(["x", "y"]), "{x, y}")


class Positions(unittest.TestCase):
    def test_equal_to_stored_results_of_scipy_and_pytorch(self):
        stored = {}
        for line in (STORED / "positions.txt").read_text().splitlines():
            if not line.startswith("#"):
                name, *numbers = line.split()
                stored[name] = np.array(numbers, np.float64)
        self.assertEqual(len(stored), 10)
        for name, wanted in stored.items():
            old, new, method = name.split("_")
            grid = values(f"grid{old}", (1 + int(old) ** 2, 2), 1.0)
            found = positions.resize(grid, (int(new), int(new)),
                                     {"zoom": "bilinear", "bicubic": "bicubic"}[method])
            np.testing.assert_allclose(found.ravel(), wanted, atol=1e-5, err_msg=name)

    def test_grids_that_are_not_square(self):
        grid = values("grid", (1 + 9, 2), 1.0)
        square = positions.resize(grid, (5, 5), "bilinear")[1:].reshape(5, 5, 2)
        found = positions.resize(grid, (5, 3), "bilinear")[1:].reshape(5, 3, 2)
        np.testing.assert_allclose(found, square[:, ::2], atol=1e-6)


RESNET8 = MODELS / "resnet8" / "cifar10_quick"


def resnet8_arrays():
    """Random tensors of ResNet-8 under torchvision's names."""
    arrays = {"conv1.weight": (16, 3, 3, 3), "fc.weight": (10, 64), "fc.bias": (10,)}
    norms = {"bn1": 16}
    for stage, (inputs, planes) in enumerate(((16, 16), (16, 32), (32, 64)), start=1):
        block = f"layer{stage}.0"
        arrays |= {f"{block}.conv1.weight": (planes, inputs, 3, 3),
                   f"{block}.conv2.weight": (planes, planes, 3, 3)}
        norms |= {f"{block}.bn1": planes, f"{block}.bn2": planes}
        if inputs != planes:
            arrays[f"{block}.downsample.0.weight"] = (planes, inputs, 1, 1)
            norms[f"{block}.downsample.1"] = planes
    arrays |= {f"{norm}.{part}": (planes,) for norm, planes in norms.items()
               for part in ("weight", "bias", "running_mean", "running_var")}
    return {name: values(name, shape, 1.0) for name, shape in arrays.items()} | {
        f"{norm}.num_batches_tracked": np.array(5) for norm in norms}


class Importing(Scripts):
    def test_blobs(self):
        arrays = resnet8_arrays()
        layers, printed = self.convert(RESNET8, arrays=arrays)
        for layer, tensors in (("conv1", ["conv1.weight"]),
                               ("bn1", ["bn1.running_mean", "bn1.running_var"]),
                               ("scale1", ["bn1.weight", "bn1.bias"]),
                               ("layer2_0_shortcut_conv", ["layer2.0.downsample.0.weight"]),
                               ("layer2_0_shortcut_scale", ["layer2.0.downsample.1.weight"]),
                               ("fc", ["fc.weight", "fc.bias"])):
            for blob, tensor in zip(layers[layer], tensors):
                self.assertEqual(blob.tobytes(), arrays[tensor].tobytes(), layer)
        self.assertEqual(layers["bn1"][2].tolist(), [1])
        self.assertIn("conv1 ", printed)
        self.assertRegex(printed, r"\nbn1 +16 +<- bn1\.running_\{mean, var\}\n")
        for word in ("initialised from scratch", "not used", "num_batches"):
            self.assertNotIn(word, printed)

    def test_classifier_is_dropped(self):
        layers, printed = self.convert(RESNET8, "--drop_classifier", arrays=resnet8_arrays())
        self.assertNotIn("fc", layers)
        self.assertIn("initialised from scratch:\n  fc (classifier, dropped)\n", printed)
        self.assertIn("not used:\n  fc.weight (classifier, dropped)\n", printed)

    def test_file_without_classifier(self):
        arrays = {k: a for k, a in resnet8_arrays().items() if not k.startswith("fc.")}
        layers, printed = self.convert(RESNET8, arrays=arrays)
        self.assertNotIn("fc", layers)
        self.assertIn("initialised from scratch:\n  fc (the file has no classifier)\n", printed)

    def test_channels_are_reversed_both_ways(self):
        arrays = resnet8_arrays()
        layers, printed = self.convert(RESNET8, "--bgr", arrays=arrays)
        np.testing.assert_array_equal(layers["conv1"][0], arrays["conv1.weight"][:, ::-1])
        self.assertIn("channels reversed", printed)
        out = self.work / "out.safetensors"
        self.call("export_weights", self.model, "--net", RESNET8, "--out", out, "--bgr")
        self.assertEqual(read_safetensors(out)["conv1.weight"].tobytes(),
                         arrays["conv1.weight"].tobytes())

    def test_names_with_something_in_front_and_half_precision(self):
        arrays = {f"module.{name}": array if array.ndim == 0 else array.astype(np.float16)
                  for name, array in resnet8_arrays().items()}
        layers, _ = self.convert(RESNET8, arrays=arrays)
        self.assertEqual(layers["conv1"][0].tobytes(),
                         arrays["module.conv1.weight"].astype(np.float32).tobytes())

    def test_names_of_older_files(self):
        for name, rename in (
                ("densenet121", lambda k: re.sub(r"(denselayer\d+\.(?:norm|conv))", r"\1.", k)),
                ("vit_tiny", lambda k: k.replace("mlp.0", "mlp.linear_1").replace("mlp.3",
                                                                                  "mlp.linear_2"))):
            folder = MODELS / (f"{name}/imagenet" if name == "densenet121" else "vit_tiny/cifar100")
            arrays = {key: np.zeros(shape, np.float32)
                      for key, shape in Oracle(name).shapes.items()}
            _, printed = self.convert(folder, arrays={rename(k): a for k, a in arrays.items()})
            self.assertNotIn("not used", printed)

    def test_leftovers_and_layers_of_ones_own(self):
        arrays = resnet8_arrays() | {"ema.decay": np.zeros(3, np.float32)}
        net = self.write_net("resnet8/cifar10_quick", (
            '  name: "fc"\n', '  name: "extra"\n  type: "InnerProduct"\n  bottom: "pool"\n'
            '  top: "extra"\n  inner_product_param { num_output: 3 }\n}\nlayer {\n  name: "fc"\n'))
        layers, printed = self.convert(net, arrays=arrays)
        self.assertNotIn("extra", layers)
        self.assertIn("initialised from scratch:\n  extra (the architecture has no such layer)\n", printed)
        self.assertIn("not used:\n  ema.decay\n", printed)

    def test_mistakes(self):
        arrays = resnet8_arrays()
        net = self.write_net("resnet8/cifar10_quick", ("num_output: 10\n", "num_output: 7\n"))
        self.expect_error(net, "'fc.weight' is 10 x 64, but layer 'fc' of", "wants 7 x any",
                          "The file has 10 classes, the net 7: --drop_classifier", arrays=arrays)
        self.expect_error(MODELS / "resnet18/cifar10", "'conv1.weight' is 16 x 3 x 3 x 3, but "
                          "layer 'conv1' of", "wants 64 x any x 3 x 3. Is it of another net?")
        self.expect_error(MODELS / "vit_tiny/cifar100", "no weights of a vision transformer",
                          "conv1.weight", "patch_embed.proj.weight")
        del arrays["layer3.0.bn2.bias"]
        self.expect_error(RESNET8, "it has no 'layer3.0.bn2.bias' for layer 'layer3_0_scale2' of",
                          arrays=arrays)
        self.source.write_bytes(b"<html>")
        self.expect_error(RESNET8, f"{self.source}: it is of none of the formats")
        self.source.unlink()
        self.expect_error(RESNET8, f"cannot read '{self.source}': No such file or directory")
        self.expect_error(self.work, "has neither train_val.prototxt nor deploy.prototxt")
        self.expect_error(RESNET8 / "solver_baseline.prototxt", "it looks like a solver")

    def test_output_that_cannot_be_written(self):
        write_safetensors(self.source, resnet8_arrays())
        for out in (self.work / "no" / "net.caffemodel", self.work):
            done = self.call("import_weights", self.source, "--net", RESNET8, "--out", out)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"cannot write '{out}'", done.stderr)

    def test_help(self):
        for script in ("import_weights", "export_weights"):
            done = self.call(script, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("--net NET", done.stdout)


VIT_TINY = MODELS / "vit_tiny" / "cifar100"


class ImportingPositions(Scripts):
    def arrays(self, tokens=65):
        shapes = Oracle("vit_tiny").shapes | {"encoder.pos_embedding": (1, tokens, 192)}
        return {key: values(key, shape, 1.0) for key, shape in shapes.items()}

    def test_size_of_images_is_that_of_the_definition(self):
        arrays = self.arrays()
        same, printed = self.convert(VIT_TINY, arrays=arrays)
        self.assertEqual(same["positions"][0].tobytes(),
                         arrays["encoder.pos_embedding"].tobytes())
        self.assertNotIn("8 x 8 ->", printed)
        for file, old, new in (("train_val", "crop_size: 32", "crop_size: 24"),
                               ("deploy", "dim: 32 dim: 32", "dim: 24 dim: 24")):
            net = self.write_net("vit_tiny/cifar100", (old, new), file=file)
            smaller, printed = self.convert(net, arrays=arrays)
            self.assertEqual(smaller["positions"][0].shape, (1 + 36, 192))
            self.assertEqual(smaller["positions"][0][0].tobytes(),
                             same["positions"][0][0].tobytes())
            self.assertIn("8 x 8 -> 6 x 6, bilinear", printed)
        cubic, _ = self.convert(net, "--position_resize", "bicubic")
        self.assertFalse(np.allclose(cubic["positions"][0], smaller["positions"][0]))

    def test_grids_that_are_no_squares_are_refused(self):
        self.expect_error(VIT_TINY, "'encoder.pos_embedding' is for 62 patches",
                          arrays=self.arrays(63))

    def test_queries_keys_and_values_are_joined_and_apart(self):
        arrays = self.arrays()
        layers, printed = self.convert(VIT_TINY, arrays=arrays)
        whole = np.concatenate([layers[f"block3_{part}"][0] for part in "qkv"])
        name = "encoder.layers.encoder_layer_3.self_attention.in_proj_weight"
        self.assertEqual(whole.tobytes(), arrays[name].tobytes())
        self.assertIn("part 3 of 3", printed)


class Exporting(Scripts):
    def export(self, net, code=0):
        out = self.work / "out.safetensors"
        done = self.call("export_weights", self.model, "--net", net, "--out", out)
        self.assertEqual(done.returncode, code, done.stderr)
        return read_safetensors(out) if code == 0 else done.stderr

    def write_model(self, *layers):
        with open(self.model, "wb") as file:
            write_caffemodel(file, "net", layers)

    def test_other_formats_are_refused(self):
        for name in ("out.pth", "out.npz", "out"):
            done = self.call("export_weights", self.model, "--net", RESNET8, "--out",
                             self.work / name)
            self.assertEqual(done.returncode, 1)
            self.assertIn("only .safetensors files are written", done.stderr)
            self.assertFalse((self.work / name).exists())

    def test_net_that_nobody_publishes_keeps_its_names(self):
        blobs = {"conv1": [(20, 1, 5, 5), (20,)], "conv2": [(50, 20, 5, 5), (50,)],
                 "ip1": [(500, 800), (500,)], "ip2": [(10, 500), (10,)]}
        layers = [ModelLayer(name, "", [values(f"{name}{i}", shape, 1.0)
                                        for i, shape in enumerate(shapes)])
                  for name, shapes in blobs.items()]
        # As the oldest files have them: four axes each.
        old = [layer._replace(blobs=[blob.reshape((1,) * (4 - blob.ndim) + blob.shape)
                                     for blob in layer.blobs]) for layer in layers]
        net = MODELS / "lenet" / "mnist"
        names = {layer.name: layer.name for layer in read_net(net).layers}
        self.assertEqual(list(names), list(blobs), "LeNet's layers")
        self.write_model(*old)
        found = self.export(net)
        for layer in layers:
            for role, blob in zip(("weight", "bias"), layer.blobs):
                self.assertEqual(found[f"{layer.name}.{role}"].shape, blob.shape)
                self.assertEqual(found[f"{layer.name}.{role}"].tobytes(), blob.tobytes())
        again, _ = self.convert(net, arrays=found)
        self.assertEqual(again["ip2"][0].tobytes(), layers[-1].blobs[0].tobytes())

    def test_statistics_are_divided_by_their_factor(self):
        self.convert(RESNET8, arrays=resnet8_arrays())
        layers = read_caffemodel(self.model)
        for factor, scale in ((4, 0.25), (0, 0)):
            self.write_model(*[
                layer._replace(blobs=[*layer.blobs[:2], np.array([factor], np.float32)])
                if layer.name == "bn1" else layer for layer in layers])
            np.testing.assert_array_equal(self.export(RESNET8)["bn1.running_mean"],
                                          layers[1].blobs[0] * np.float32(scale))

    def test_mistakes(self):
        self.convert(RESNET8, arrays=resnet8_arrays())
        layers = read_caffemodel(self.model)
        self.assertIn("a blob of layer 'conv1' is 16 x 3 x 3 x 3, wanted is 64 x any x 3 x 3",
                      self.export(MODELS / "resnet18/cifar10", 1))
        self.write_model(*layers[:-1])
        self.assertIn("it has no weights for layer 'fc'", self.export(RESNET8, 1))
        self.write_model(*layers[:-1], layers[-1]._replace(blobs=layers[-1].blobs[:1]))
        self.assertIn("layer 'fc' has 1 blobs, wanted are 2", self.export(RESNET8, 1))
        self.model.write_bytes(b"")
        self.assertIn("the file is empty", self.export(RESNET8, 1))


class Definitions(unittest.TestCase):
    def read(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "net.prototxt"
            path.write_text(text)
            return read_net(path)

    def test_all_ways_to_write_a_message(self):
        net = self.read("name: 'two' \"words\" # a remark\n"
                        "layer: < name: 'a' type: 'Convolution' bottom: ['x'], top: 'y';\n"
                        " convolution_param { num_output: 4 kernel_size: [3, 5] } >\n"
                        "layer { name: 'b' type: 'InnerProduct' bottom: 'y' inner_product_param {\n"
                        " num_output: 2 bias_term: false transpose: true } }")
        self.assertEqual(net.name, "twowords")
        self.assertEqual(net.layers[0].shapes, ((4, None, 3, 5), (4,)))
        self.assertEqual(net.layers[1].roles, ("weight",))
        self.assertTrue(net.layers[1].transposed)
        self.assertEqual(net.classifier.name, "b")

    def test_mistakes_name_the_line(self):
        for text, part in (("layer {\n name 'a' }", ":2: 'name' of line 2 is followed by 'a'"),
                           ("layer {\n", ":2: the file ends within a message"),
                           ("}", ":1: expected the name of a field, found }"),
                           ("layer { name: 'a\n' }", ":1: \"'\" does not belong here"),
                           ("layer { name: 'r' type: 'ReLU' }", "none of its layers holds weights"),
                           ("layer { name: 'i' type: 'InnerProduct' inner_product_param { "
                            "num_output: x } }", "layer 'i': num_output is 'x'"),
                           ("name: 'n'", "it defines no layers")):
            with self.assertRaisesRegex(WeightsError, re.escape(part)):
                self.read(text)


if __name__ == "__main__":
    unittest.main()
