"""The checked-in solvers and the preparation of images: the paper's recipes."""
import math
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from net_shapes import first  # noqa: E402
from prototxt_reader import read  # noqa: E402
from test_models import MODELS, NETS, ROOT, load  # noqa: E402

IMAGES = {"mnist": (60000, 10000), "mnist_small": (5000, 1000), "cifar10_quick": (20000, 10000),
          "cifar10": (50000, 10000), "cifar100": (50000, 10000), "svhn": (73257, 26032),
          "imagenet": (1281167, 50000)}

# RGB on a 0..1 scale.
NORMS = {"cifar10": ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
         "cifar100": ((0.50708, 0.48655, 0.44092), (0.26733, 0.25644, 0.27615)),
         "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))}

NET_OF_PAPER = [folder for folder in NETS if not folder.startswith(("lenet", "resnet8"))]
FROM_SCRATCH = [f for f in NET_OF_PAPER if f.endswith(("/cifar10", "/cifar100", "/svhn"))
                and not f.startswith("vit")]
FINE_TUNED_RESNETS = ["resnet50/cifar10_224", "resnet50/cifar100_224", "resnet50/svhn_224",
                      "resnet50/imagenet"]
FINE_TUNED_VIT = [f for f in NET_OF_PAPER if f.startswith(("vit_b", "vit_l"))]


def solvers(folders):
    for folder in folders:
        for kind in ("baseline", "channel_dropback"):
            yield folder, load(f"{folder}/solver_{kind}.prototxt")


def data_layers(folder):
    """Of training and testing."""
    return load(f"{folder}/train_val.prototxt")["layer"][:2]


def transforms(folder):
    return [first(layer, "transform_param") for layer in data_layers(folder)]


def source(folder):
    return first(first(data_layers(folder)[0], "data_param"), "source").split("/")[1]


def epoch(folder, batch):
    return math.ceil(IMAGES[source(folder)][0] / batch)


def numbers(solver, *names):
    return {name: [float(value) for value in solver[name]] for name in names if name in solver}


class Recipes(unittest.TestCase):
    def check(self, folder, solver, batch, epochs, base_lr, decays):
        iterations = epochs * epoch(folder, batch)
        wanted = {"base_lr": [base_lr], "momentum": [0.9], "weight_decay": [1e-4],
                  "max_iter": [iterations]}
        if decays:
            wanted |= {"gamma": [0.1], "stepvalue": [round(d * iterations) for d in decays]}
        self.assertEqual(solver["lr_policy"], ["multistep" if decays else "cosine"])
        self.assertEqual(numbers(solver, *wanted), wanted)
        first_batch = int(first(first(data_layers(folder)[0], "data_param"), "batch_size"))
        self.assertEqual(first_batch * int(first(solver, "iter_size", 1)), batch)
        return iterations

    def check_drop_rates(self, solver, layer_rate, channel_rate, skip):
        if "type" not in solver:
            return
        self.assertEqual(solver["type"], ["ChannelDropBack"])
        self.assertEqual(solver["channel_dropback_param"], [{
            "semantics": ["PAPER"], "skip_layers": [str(skip)], "layer_drop_rate": [layer_rate],
            "channel_drop_rate": [{"policy": ["fixed"], "value": [str(channel_rate)]}]}])

    def test_from_scratch(self):
        self.assertEqual(len(FROM_SCRATCH), 27)
        for folder, solver in solvers(FROM_SCRATCH):
            with self.subTest(folder):
                self.check(folder, solver, 128, 200, 0.01, (0.3, 0.6, 0.8))
                self.check_drop_rates(solver, {"policy": ["adaptive"], "initial": ["0.01"],
                                               "final": ["0.3"]}, 0.5, 4)

    def test_from_scratch_on_imagenet(self):
        folders = [f for f in NET_OF_PAPER if f.endswith("/imagenet")
                   and not f.startswith(("vit", "resnet50"))]
        self.assertEqual(len(folders), 8)
        for folder, solver in solvers(folders):
            with self.subTest(folder):
                self.check(folder, solver, 256, 90, 0.1, (0.3, 0.6, 0.8))
                self.check_drop_rates(solver, {"policy": ["adaptive"], "initial": ["0.01"],
                                               "final": ["0.3"]}, 0.5, 4)

    def test_fine_tuned_resnets(self):
        for folder, solver in solvers(FINE_TUNED_RESNETS):
            with self.subTest(folder):
                epochs = 10 if folder.endswith("imagenet") else 85
                self.check(folder, solver, 256, epochs, 0.01, (0.3, 0.6, 0.85))
                self.check_drop_rates(solver, {"policy": ["adaptive"], "initial": ["0.03"],
                                               "final": ["0.3"]}, 0.3, 3)

    def test_fine_tuned_vision_transformers(self):
        self.assertEqual(len(FINE_TUNED_VIT), 8)
        for folder, solver in solvers(FINE_TUNED_VIT):
            with self.subTest(folder):
                epochs = 10 if "imagenet" in folder else 85
                iterations = self.check(folder, solver, 256, epochs, 0.001, ())
                self.assertEqual(numbers(solver, "clip_gradients", "warmup_iter"),
                                 {"clip_gradients": [1.0], "warmup_iter": [500]})
                self.check_drop_rates(solver, {
                    "policy": ["linear"], "initial": ["0.03"], "final": ["0.3"],
                    "start_iter": ["0"], "end_iter": [str(iterations)]}, 0.3, 3)

    def test_both_solvers_differ_in_the_method_only(self):
        for folder, (_, layers, *_) in NETS.items():
            plain = load(f"{folder}/solver_baseline.prototxt")
            method = load(f"{folder}/solver_channel_dropback.prototxt")
            self.assertEqual(method.pop("type"), ["ChannelDropBack"])
            options = method.pop("channel_dropback_param")[0]
            plain.pop("snapshot_prefix")
            method.pop("snapshot_prefix")
            self.assertEqual(plain, method)
            self.assertLess(int(first(options, "skip_layers")), layers)

    def test_test_pass_covers_every_test_image_once(self):
        for folder in NETS:
            batch = int(first(first(data_layers(folder)[1], "data_param"), "batch_size"))
            solver = load(f"{folder}/solver_baseline.prototxt")
            self.assertEqual(batch * int(first(solver, "test_iter")), IMAGES[source(folder)][1])

    def test_paths_exist(self):
        for path in MODELS.rglob("solver_*.prototxt"):
            solver = read(path.read_text())
            self.assertTrue((ROOT / first(solver, "net")).is_file())
            self.assertTrue((ROOT / first(solver, "snapshot_prefix")).parent.is_dir())


class Images(unittest.TestCase):
    def check_norm(self, transform, mean, std):
        for field, values in (("mean_value", mean), ("std_value", std)):
            for text, value in zip(transform[field], values, strict=True):
                self.assertAlmostEqual(float(text) / 255, value, 7)

    def test_normalisation_is_that_of_the_data_and_of_both_phases(self):
        for folder in NET_OF_PAPER:
            mean, std = (((0.5,) * 3, (0.5,) * 3) if folder in FINE_TUNED_VIT
                         else NORMS.get(source(folder), (None, None)))
            train, test = transforms(folder)
            for name in ("mean_value", "std_value"):
                self.assertEqual(train[name], test[name])
            if mean:
                self.check_norm(train, mean, std)

    def test_32_x_32_is_augmented_in_training_only(self):
        for folder in FROM_SCRATCH:
            train, test = transforms(folder)
            self.assertEqual({k: train[k] for k in train if k not in test},
                             {"pad": ["4"], "mirror": ["true"], "rotation": ["15"]})

    def test_fine_tuned_resnets_see_enlarged_images_with_the_same_augmentation(self):
        for folder in FINE_TUNED_RESNETS:
            train, test = transforms(folder)
            for transform in (train, test):
                self.assertEqual(transform["new_height"], ["224"])
                self.assertEqual(transform["new_width"], ["224"])
            more = {"mirror": ["true"], "rotation": ["15"]}
            if folder != "resnet50/imagenet":
                more |= {"crop_size": ["224"], "pad": ["4"]}
            self.assertEqual({k: train[k] for k in train if k not in test}, more)

    def test_vision_transformers_see_random_resized_crops(self):
        for folder in FINE_TUNED_VIT:
            size = "384" if folder.endswith("384") else "224"
            train, test = transforms(folder)
            self.assertEqual(train["crop_size"], [size])
            self.assertEqual(train["random_resized_crop_param"], [{"min_scale": ["0.05"]}])
            self.assertEqual("mirror" in train, "imagenet" in folder)
            self.assertEqual((test["new_height"], test["new_width"]), ([size], [size]))

    def test_images_have_the_size_that_the_net_wants(self):
        for folder, (*_, image, _) in NETS.items():
            for transform in transforms(folder):
                size = first(transform, "crop_size") or first(transform, "new_height")
                self.assertEqual(int(size), image[1])


if __name__ == "__main__":
    unittest.main()
