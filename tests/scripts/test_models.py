"""The checked-in nets: sizes, shapes, recipe, and fields that old readers understand."""
import math
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from prototxt_reader import read  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
GENERATOR = ROOT / "scripts" / "generate_models.py"

# Learnable parameters. The figures of ResNet-18 and deeper are those of the paper's nets; LeNet's follow
# from its definition; ResNet-8: 10 convolutions and inner products by hand.
LENET = 20 * 25 + 20 + 50 * 20 * 25 + 50 + 800 * 500 + 500 + 500 * 10 + 10
PARAMETERS = {
    "lenet/mnist": LENET,
    "lenet/mnist_small": LENET,
    "resnet8/cifar10_quick": 9 * (3 * 16 + 16 * 16 * 2 + 16 * 32 + 32 * 32 + 32 * 64 + 64 * 64)
                       + 16 * 32 + 32 * 64 + 2 * (16 * 3 + 32 * 3 + 64 * 3) + 650,
    "resnet18/cifar10": 11_173_962,
    "resnet18/cifar100": 11_220_132,
    "resnet34/cifar10": 21_282_122,
    "resnet34/cifar100": 21_328_292,
    "resnet50/cifar10": 23_520_842,
    "resnet50/cifar100": 23_705_252,
    "resnet101/cifar10": 42_512_970,
    "resnet101/cifar100": 42_697_380,
}
LEARNABLE_LAYERS = {"lenet/mnist": 4, "lenet/mnist_small": 4, "resnet8/cifar10_quick": 10,
                    "resnet18/cifar10": 21, "resnet18/cifar100": 21,
                    "resnet34/cifar10": 37, "resnet34/cifar100": 37,
                    "resnet50/cifar10": 54, "resnet50/cifar100": 54,
                    "resnet101/cifar10": 105, "resnet101/cifar100": 105}


def load(path):
    return read((MODELS / path).read_text())


def first(message, name, default=None):
    return message.get(name, [default])[0]


def in_phase(net, phase):
    for layer in net["layer"]:
        if first(first(layer, "include", {}), "phase", phase) == phase:
            yield layer


class Shapes:
    """Shapes of all blobs (channels, size) and the learnable parameters of a net."""

    def __init__(self, layers, channels, size):
        self.blobs = {"data": (channels, size), "label": (1, 1)}
        self.parameters = 0
        self.fans = {}
        for layer in layers:
            name = first(layer, "name")
            inputs = []
            for bottom in layer.get("bottom", []):
                if bottom not in self.blobs:
                    raise AssertionError(f"{name}: nobody makes '{bottom}'")
                inputs.append(self.blobs[bottom])
            make = getattr(self, first(layer, "type"), None)
            if make and inputs:
                self.blobs[first(layer, "top")] = make(layer, name, *inputs)

    def Convolution(self, layer, name, x):
        p = first(layer, "convolution_param")
        outputs, kernel = int(first(p, "num_output")), int(first(p, "kernel_size"))
        stride, pad = int(first(p, "stride", 1)), int(first(p, "pad", 0))
        self.fans[name] = x[0] * kernel * kernel
        self.parameters += outputs * self.fans[name]
        self.parameters += outputs * (first(p, "bias_term") != "false")
        return outputs, (x[1] + 2 * pad - kernel) // stride + 1

    def InnerProduct(self, layer, name, x):
        outputs = int(first(first(layer, "inner_product_param"), "num_output"))
        self.fans[name] = x[0] * x[1] ** 2
        self.parameters += outputs * (self.fans[name] + 1)
        return outputs, 1

    def Scale(self, layer, name, x):
        self.parameters += 2 * x[0]
        return x

    def Pooling(self, layer, name, x):
        p = first(layer, "pooling_param")
        if first(p, "global_pooling") == "true":
            return x[0], 1
        return x[0], math.ceil((x[1] - int(first(p, "kernel_size"))) / int(first(p, "stride"))) + 1

    def Eltwise(self, layer, name, x, y):
        if x != y:
            raise AssertionError(f"{name}: adds {x} and {y}")
        return x

    def _same(self, layer, name, *inputs):
        return inputs[0]

    ReLU = BatchNorm = Softmax = SoftmaxWithLoss = Accuracy = _same


def input_shape(folder):
    return (1, 28) if folder.startswith("lenet") else (3, 32)


class GeneratedFiles(unittest.TestCase):
    def test_every_folder_has_the_four_files(self):
        names = {"train_val", "deploy", "solver_baseline", "solver_channel_dropback"}
        folders = {str(p.parent.relative_to(MODELS)) for p in MODELS.rglob("*.prototxt")}
        self.assertEqual(folders, set(PARAMETERS))
        for folder in folders:
            self.assertEqual({p.stem for p in (MODELS / folder).glob("*.prototxt")}, names)

    def test_check_passes_on_the_checked_in_files(self):
        result = subprocess.run([sys.executable, GENERATOR, "--check"], capture_output=True,
                                text=True)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_check_names_files_that_differ_are_missing_or_are_too_many(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            command = [sys.executable, GENERATOR, "--output", folder]
            subprocess.run(command, check=True, capture_output=True)
            (folder / "lenet/mnist/deploy.prototxt").write_text("name: 'x'\n")
            (folder / "lenet/mnist/train_val.prototxt").unlink()
            (folder / "lenet/mnist/mine.prototxt").touch()
            result = subprocess.run(command + ["--check"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("deploy.prototxt: differs", result.stderr)
        self.assertIn("train_val.prototxt: missing", result.stderr)
        self.assertIn("mine.prototxt: not written by the generator", result.stderr)
        self.assertNotIn("resnet18", result.stderr)


class Nets(unittest.TestCase):
    def test_parameter_counts(self):
        for folder, wanted in PARAMETERS.items():
            for file in ("train_val", "deploy"):
                with self.subTest(folder=folder, file=file):
                    net = load(f"{folder}/{file}.prototxt")
                    shapes = Shapes(in_phase(net, "TRAIN"), *input_shape(folder))
                    self.assertEqual(shapes.parameters, wanted)
                    self.assertEqual(len(shapes.fans), LEARNABLE_LAYERS[folder])

    def test_fillers_follow_fan_in(self):
        for folder in PARAMETERS:
            if folder.startswith("lenet"):
                continue
            net = load(f"{folder}/train_val.prototxt")
            fans = Shapes(in_phase(net, "TRAIN"), *input_shape(folder)).fans
            for layer in net["layer"]:
                name = first(layer, "name")
                if name not in fans:
                    continue
                param = first(layer, "convolution_param") or first(layer, "inner_product_param")
                fillers = [f for key in param if key.endswith("filler") for f in param[key]]
                self.assertTrue(fillers)
                for filler in fillers:
                    self.assertEqual(first(filler, "type"), "uniform")
                    self.assertAlmostEqual(float(first(filler, "max")), fans[name] ** -0.5, 8)
                    self.assertEqual(float(first(filler, "min")), -float(first(filler, "max")))

    def test_layer_names_are_unique_in_each_phase_and_safe(self):
        for folder in PARAMETERS:
            net = load(f"{folder}/train_val.prototxt")
            for phase in ("TRAIN", "TEST"):
                names = [first(layer, "name") for layer in in_phase(net, phase)]
                self.assertEqual(len(names), len(set(names)))
                self.assertFalse([name for name in names if "/" in name])

    def test_deploy_has_no_data_no_loss_and_no_fields_of_our_own(self):
        for folder in PARAMETERS:
            net = load(f"{folder}/deploy.prototxt")
            types = [first(layer, "type") for layer in net["layer"]]
            self.assertEqual((types[0], types[-1]), ("Input", "Softmax"))
            self.assertLessEqual(set(types), {
                "Input", "Convolution", "BatchNorm", "Scale", "ReLU", "Pooling", "Eltwise",
                "InnerProduct", "Softmax"})
            fields = {key for layer in net["layer"] for key in layer}
            self.assertLessEqual(fields, {
                "name", "type", "bottom", "top", "input_param", "convolution_param",
                "batch_norm_param", "scale_param", "pooling_param", "eltwise_param",
                "inner_product_param"})

    def test_cifar_is_augmented_in_training_only_and_normalised_in_both(self):
        for folder, mean, std in (
                ("resnet18/cifar10", (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
                ("resnet18/cifar100", (0.50708, 0.48655, 0.44092), (0.26733, 0.25644, 0.27615))):
            train, test = load(f"{folder}/train_val.prototxt")["layer"][:2]
            for layer in (train, test):
                transform = first(layer, "transform_param")
                for field, values in (("mean_value", mean), ("std_value", std)):
                    for text, value in zip(transform[field], values, strict=True):
                        self.assertAlmostEqual(float(text) / 255, value, 7)
            augmentation = {"pad": ["4"], "mirror": ["true"], "rotation": ["15"]}
            train, test = first(train, "transform_param"), first(test, "transform_param")
            self.assertEqual({k: train[k] for k in train if k not in test}, augmentation)


class Solvers(unittest.TestCase):
    def test_recipe_of_the_paper(self):
        for data in ("cifar10", "cifar100"):
            for kind in ("baseline", "channel_dropback"):
                solver = load(f"resnet18/{data}/solver_{kind}.prototxt")
                got = {key: [float(v) for v in solver[key]] for key in (
                    "base_lr", "momentum", "weight_decay", "gamma", "stepvalue", "max_iter")}
                self.assertEqual(got, {
                    "base_lr": [0.01], "momentum": [0.9], "weight_decay": [1e-4], "gamma": [0.1],
                    "stepvalue": [60 * 391, 120 * 391, 160 * 391], "max_iter": [200 * 391]})
                self.assertEqual(solver["lr_policy"], ["multistep"])

    def test_both_solvers_differ_in_the_method_only(self):
        for folder in PARAMETERS:
            plain = load(f"{folder}/solver_baseline.prototxt")
            method = load(f"{folder}/solver_channel_dropback.prototxt")
            self.assertEqual(method.pop("type"), ["ChannelDropBack"])
            options = method.pop("channel_dropback_param")[0]
            plain.pop("snapshot_prefix")
            method.pop("snapshot_prefix")
            self.assertEqual(plain, method)
            self.assertEqual(options["layer_drop_rate"], [
                {"policy": ["adaptive"], "initial": ["0.01"], "final": ["0.3"]}])
            self.assertEqual(options["channel_drop_rate"], [
                {"policy": ["fixed"], "value": ["0.5"]}])
            self.assertLess(int(first(options, "skip_layers")), LEARNABLE_LAYERS[folder])

    def test_test_pass_covers_every_test_image_once(self):
        for folder in PARAMETERS:
            test = list(in_phase(load(f"{folder}/train_val.prototxt"), "TEST"))[0]
            batch = int(first(first(test, "data_param"), "batch_size"))
            solver = load(f"{folder}/solver_baseline.prototxt")
            images = 1000 if folder == "lenet/mnist_small" else 10000
            self.assertEqual(batch * int(first(solver, "test_iter")), images)

    def test_paths_exist(self):
        for path in MODELS.rglob("solver_*.prototxt"):
            solver = read(path.read_text())
            self.assertTrue((ROOT / first(solver, "net")).is_file())
            self.assertTrue((ROOT / first(solver, "snapshot_prefix")).parent.is_dir())


if __name__ == "__main__":
    unittest.main()
