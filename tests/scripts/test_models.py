"""The checked-in nets: sizes, shapes, and fields that other readers understand."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from net_shapes import Shapes, first, in_phase  # noqa: E402
from prototxt_reader import read  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
GENERATOR = ROOT / "scripts" / "generate_models.py"

# Of the paper's nets: learnable parameters with 10 and 100 classes at 32x32 and with 1000 at 224x224;
# convolutions and inner products of both; what the global pooling sees at 32x32 and at 224x224.
CONVOLUTIONAL = {
    "resnet18": (11_173_962, 11_220_132, 11_689_512, 21, 21, (512, 4), (512, 7)),
    "resnet34": (21_282_122, 21_328_292, 21_797_672, 37, 37, (512, 4), (512, 7)),
    "resnet50": (23_520_842, 23_705_252, 25_557_032, 54, 54, (2048, 4), (2048, 7)),
    "resnet101": (42_512_970, 42_697_380, 44_549_160, 105, 105, (2048, 4), (2048, 7)),
    "mobilenetv2": (2_296_922, 2_412_212, 3_504_872, 58, 53, (1280, 4), (1280, 7)),
    "efficientnet_b0": (3_598_598, 3_627_488, 5_288_548, 81, 82, (320, 2), (1280, 7)),
    "densenet121": (6_956_298, 7_048_548, 7_978_856, 121, 121, (1024, 4), (1024, 7)),
    "shufflenetv2_x0_5": (352_042, 444_292, 1_366_792, 57, 57, (1024, 4), (1024, 7)),
    "shufflenetv2_x1_0": (1_263_854, 1_356_104, 2_278_604, 57, 57, (1024, 4), (1024, 7)),
}
VIT = {
    "vit_b16": {"cifar10": 85_806_346, "cifar100": 85_875_556, "imagenet": 86_567_656,
                "imagenet_384": 86_859_496},
    "vit_l16": {"cifar10": 303_311_882, "cifar100": 303_404_132, "imagenet": 304_326_632,
                "imagenet_384": 304_715_752},
}


def expected():
    """By folder: parameters, learnable layers, classes, input, and input of the last pooling or
    of the classifier."""
    lenet = 20 * 25 + 20 + 50 * 20 * 25 + 50 + 800 * 500 + 500 + 500 * 10 + 10
    for data in ("mnist", "mnist_small"):
        yield f"lenet/{data}", (lenet, 4, 10, (1, 28, 28), (500,))
    resnet8 = (9 * (3 * 16 + 16 * 16 * 2 + 16 * 32 + 32 * 32 + 32 * 64 + 64 * 64)
               + 16 * 32 + 32 * 64 + 2 * (16 * 3 + 32 * 3 + 64 * 3) + 650)
    yield "resnet8/cifar10_quick", (resnet8, 10, 10, (3, 32, 32), (64, 8, 8))
    for net, (p10, p100, p1000, layers, layers_large, maps, maps_large) in CONVOLUTIONAL.items():
        small = (3, 32, 32), (*maps, maps[1])
        large = (3, 224, 224), (*maps_large, maps_large[1])
        yield f"{net}/cifar10", (p10, layers, 10, *small)
        yield f"{net}/cifar100", (p100, layers, 100, *small)
        yield f"{net}/svhn", (p10, layers, 10, *small)
        yield f"{net}/imagenet", (p1000, layers_large, 1000, *large)
    for data, classes in (("cifar10", 10), ("cifar100", 100), ("svhn", 10)):
        less = (1000 - classes) * (2048 + 1)
        yield f"resnet50/{data}_224", (25_557_032 - less, 54, classes, (3, 224, 224), (2048, 7, 7))
    for net, forms in VIT.items():
        layers, width = (74, 768) if net == "vit_b16" else (146, 1024)
        for form, parameters in forms.items():
            size = 384 if form.endswith("384") else 224
            classes = {"cifar10": 10, "cifar100": 100}.get(form, 1000)
            yield f"{net}/{form}", (parameters, layers, classes, (3, size, size), (1, width))
    tiny = 192 * 48 + 192 + 192 + 65 * 192 + 12 * (12 * 192 * 192 + 13 * 192) + 2 * 192 + 19300
    yield "vit_tiny/cifar100", (tiny, 74, 100, (3, 32, 32), (1, 192))


NETS = dict(expected())


# Files that some folders have more of: nets with regularisers that the paper compares with.
RIVALS = ["dropout", "spatial_dropout", "drop_block", "drop_path", "stochastic_depth",
          "scheduled_drop_path", "shake_drop", "drop_connect"]
MORE_FILES = {"resnet50/cifar100": {
    *(f"{kind}_{rival}" for rival in RIVALS for kind in ("train_val", "solver")),
    "deploy_stochastic_depth", "deploy_shake_drop", "deploy_drop_connect"}}


def load(path):
    return read((MODELS / path).read_text())


class GeneratedFiles(unittest.TestCase):
    def test_every_folder_has_its_files(self):
        names = {"train_val", "deploy", "solver_baseline", "solver_channel_dropback"}
        folders = {str(p.parent.relative_to(MODELS)) for p in MODELS.rglob("train_val.prototxt")}
        self.assertEqual(folders, set(NETS))
        for folder in folders:
            # Those that end so: test_paper_solvers.py.
            self.assertEqual({p.stem for p in (MODELS / folder).glob("*.prototxt")
                              if not p.stem.endswith("_reference")},
                             names | MORE_FILES.get(folder, set()))

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
            (folder / "README.md").write_text("old\n")
            result = subprocess.run(command + ["--check"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("deploy.prototxt: differs", result.stderr)
        self.assertIn("train_val.prototxt: missing", result.stderr)
        self.assertIn("mine.prototxt: not written by the generator", result.stderr)
        self.assertIn("README.md: differs", result.stderr)
        self.assertNotIn("resnet18", result.stderr)


class Nets(unittest.TestCase):
    def shapes(self):
        for folder, wanted in NETS.items():
            for file in ("train_val", "deploy"):
                with self.subTest(folder=folder, file=file):
                    net = load(f"{folder}/{file}.prototxt")
                    yield folder, net, Shapes(in_phase(net, "TRAIN"), wanted[3]), wanted

    def test_parameters_layers_and_shapes(self):
        for _, net, shapes, (parameters, layers, classes, image, features) in self.shapes():
            self.assertEqual(shapes.parameters, parameters)
            self.assertEqual(len(shapes.fans), layers)
            scores = first(next(layer for layer in net["layer"] if first(layer, "type")
                                in ("Softmax", "SoftmaxWithLoss")), "bottom")
            self.assertEqual(shapes.blobs[scores], (classes,))
            pooled = "pool" if "pool" in shapes.blobs else scores
            last = next(layer for layer in net["layer"] if pooled in layer.get("top", []))
            self.assertEqual(shapes.blobs[first(last, "bottom")], features)
            if first(net["layer"][0], "type") == "Input":
                shape = first(first(net["layer"][0], "input_param"), "shape")
                self.assertEqual(shape["dim"], ["1", *map(str, image)])

    def test_readme_has_a_row_of_each_folder_with_its_sizes(self):
        rows = [line.split(" | ") for line in (MODELS / "README.md").read_text().splitlines()
                if line.startswith("| `")]
        table = {row[0].strip("| `"): row for row in rows}
        self.assertEqual(set(table), set(NETS))
        for folder, net, shapes, _ in self.shapes():
            row = table[folder]
            self.assertEqual(row[2], f"{shapes.parameters:,}")
            self.assertEqual(row[3], f"{shapes.multiply_adds / 1e6:,.1f} M")
            source = first(first(net["layer"][0], "data_param", {}), "source", "deploy")
            self.assertIn(source.removesuffix("/train_lmdb"), (row[1].strip("`"), "deploy"))

    def test_fillers_follow_fan_in(self):
        for folder, net, shapes, _ in self.shapes():
            if folder.startswith("lenet") or first(net["layer"][0], "type") == "Input":
                continue
            for layer in net["layer"]:
                name = first(layer, "name")
                if name not in shapes.fans or folder.startswith("vit") and (
                        name == "fc" or name.endswith(("_fc1", "_fc2"))):
                    continue
                param = first(layer, "convolution_param") or first(layer, "inner_product_param")
                fillers = [f for key in param if key.endswith("filler") for f in param[key]]
                self.assertTrue(fillers)
                for filler in fillers:
                    self.assertEqual(first(filler, "type"), "uniform")
                    self.assertAlmostEqual(float(first(filler, "max")), shapes.fans[name] ** -0.5,
                                           8)
                    self.assertEqual(float(first(filler, "min")), -float(first(filler, "max")))

    def test_vision_transformers_start_as_their_authors_code_does(self):
        net = load("vit_b16/cifar10/train_val.prototxt")
        layers = {first(layer, "name"): layer for layer in net["layer"]}
        head = first(layers["fc"], "inner_product_param")
        self.assertEqual(head["weight_filler"], [{"type": ["constant"]}])
        self.assertEqual(head["bias_filler"], [{"type": ["constant"]}])
        for name in ("block0_fc1", "block11_fc2"):
            mlp = first(layers[name], "inner_product_param")
            self.assertEqual(mlp["weight_filler"],
                             [{"type": ["xavier"], "variance_norm": ["AVERAGE"]}])
            self.assertEqual(mlp["bias_filler"], [{"type": ["gaussian"], "std": ["1e-06"]}])
        # No filler: zero.
        self.assertNotIn("class_token_param", layers["tokens"])
        self.assertEqual(layers["positions"]["bias_param"], [{"num_axes": ["2"]}])
        self.assertEqual(layers["ln"]["layer_norm_param"], [{"eps": ["1e-06"]}])

    def test_layer_names_are_unique_in_each_phase_and_safe(self):
        for folder in NETS:
            net = load(f"{folder}/train_val.prototxt")
            for phase in ("TRAIN", "TEST"):
                names = [first(layer, "name") for layer in in_phase(net, phase)]
                self.assertEqual(len(names), len(set(names)))
                self.assertFalse([name for name in names if "/" in name])

    def test_batch_norm_averages_as_pytorch_does(self):
        for folder in NETS:
            for layer in load(f"{folder}/train_val.prototxt")["layer"]:
                if first(layer, "type") == "BatchNorm":
                    # eps is 1e-5 by default.
                    self.assertEqual(layer["batch_norm_param"],
                                     [{"moving_average_fraction": ["0.9"]}])

    def test_deploy_has_no_data_no_loss_and_no_fields_of_our_own(self):
        for folder in NETS:
            net = load(f"{folder}/deploy.prototxt")
            types = [first(layer, "type") for layer in net["layer"]]
            self.assertEqual((types[0], types[-1]), ("Input", "Softmax"))
            if folder.startswith("vit"):
                continue
            # Those that OpenCV knows, and Caffe 1.0 but for Permute, ReLU6 and Swish.
            self.assertLessEqual(set(types), {
                "Input", "Convolution", "BatchNorm", "Scale", "ReLU", "ReLU6", "Swish", "Sigmoid",
                "Pooling", "Eltwise", "InnerProduct", "Concat", "Slice", "Silence", "Reshape",
                "Permute", "Softmax"})
            fields = {key for layer in net["layer"] for key in layer}
            self.assertLessEqual(fields, {
                "name", "type", "bottom", "top", "input_param", "convolution_param", "scale_param",
                "pooling_param", "eltwise_param", "inner_product_param", "slice_param",
                "reshape_param", "permute_param"})
            self.assertFalse([layer for layer in net["layer"]
                              if "round_mode" in first(layer, "pooling_param", {})])


if __name__ == "__main__":
    unittest.main()
