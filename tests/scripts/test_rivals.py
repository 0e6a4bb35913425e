"""ResNet-50 with the regularisers that the paper compares its method with."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from net_shapes import Shapes, first, in_phase  # noqa: E402
from test_models import NETS, RIVALS, load  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from caffe_models.catalogue import all_files  # noqa: E402
from caffe_models.efficientnet import efficientnet_b0  # noqa: E402
from caffe_models.net import Blob, Net  # noqa: E402
from caffe_models.resnet import resnet8, resnet18, resnet50  # noqa: E402
from caffe_models.rivals import RIVALS as MADE  # noqa: E402

FOLDER = "resnet50/cifar100"
BLOCKS = [f"layer{stage}_{block}" for stage, count in enumerate((3, 4, 6, 3), start=1)
          for block in range(count)]
TYPES = {"dropout": "Dropout", "spatial_dropout": "SpatialDropout", "drop_block": "DropBlock",
         "drop_path": "DropPath", "stochastic_depth": "DropPath",
         "scheduled_drop_path": "DropPath", "shake_drop": "ShakeDrop",
         "drop_connect": "DropConnect"}


def net_with(rival):
    return load(f"{FOLDER}/train_val_{rival}.prototxt")


def layers_of(rival, type=None):
    """Of the rival's type, or another, in order."""
    return [layer for layer in net_with(rival)["layer"]
            if first(layer, "type") == (type or TYPES[rival])]


def param(layer):
    return first(layer, next(key for key in layer if key.endswith("_param")))


class Rivals(unittest.TestCase):
    def test_all_are_there(self):
        self.assertEqual(list(MADE), RIVALS)
        self.assertEqual(set(TYPES), set(RIVALS))

    def test_sizes_are_those_of_the_plain_net(self):
        parameters, layers, classes, image, _ = NETS[FOLDER]
        for rival in RIVALS:
            with self.subTest(rival):
                shapes = Shapes(in_phase(net_with(rival), "TRAIN"), image)
                self.assertEqual(shapes.parameters, parameters)
                self.assertEqual(len(shapes.fans), layers)
                self.assertEqual(shapes.blobs["fc"], (classes,))

    def test_without_the_rival_the_net_is_the_plain_one(self):
        """Layers, weights and wiring, seen through those layers of the rival that have a top of
        their own."""
        plain = load(f"{FOLDER}/train_val.prototxt")["layer"]
        for rival in RIVALS:
            with self.subTest(rival):
                kept, source = [], {}
                for layer in net_with(rival)["layer"]:
                    if first(layer, "type") == "DropConnect":
                        layer["type"] = ["InnerProduct"]
                        del layer["drop_connect_param"]
                    elif first(layer, "type") == TYPES[rival]:
                        source[first(layer, "top")] = first(layer, "bottom")
                        continue
                    if "bottom" in layer:
                        layer["bottom"] = [source.get(b, b) for b in layer["bottom"]]
                    kept.append(layer)
                self.assertEqual(kept, plain)

    def test_solvers_differ_in_the_net_only(self):
        plain = load(f"{FOLDER}/solver_baseline.prototxt")
        for rival in RIVALS:
            solver = load(f"{FOLDER}/solver_{rival}.prototxt")
            self.assertEqual(solver.pop("net"), [f"models/{FOLDER}/train_val_{rival}.prototxt"])
            self.assertEqual(solver.pop("snapshot_prefix"), [f"models/{FOLDER}/{rival}"])
            self.assertEqual(solver, {key: value for key, value in plain.items()
                                      if key not in ("net", "snapshot_prefix")})

    def test_dropout_is_before_the_classifier(self):
        layer, = layers_of("dropout")
        self.assertEqual(layer["bottom"], ["pool"])
        self.assertEqual(layer["dropout_param"], [{"dropout_ratio": ["0.3"]}])

    def test_spatial_dropout_is_behind_the_convolutions_of_the_last_two_stages(self):
        layers = layers_of("spatial_dropout")
        self.assertEqual([first(layer, "top") for layer in layers],
                         [f"{block}_conv{n}" for block in BLOCKS[7:] for n in (1, 2, 3)])
        self.assertEqual({first(param(layer), "keep") for layer in layers}, {"0.9"})

    def test_drop_block_is_there_too_and_on_the_shortcuts(self):
        layers = layers_of("drop_block")
        self.assertEqual(len(layers), 9 * 4)
        for layer in layers:
            last = first(layer, "name").startswith("layer4")
            self.assertEqual(layer["drop_block_param"],
                             [{"keep": ["0.9" if last else "0.975"], "block_size": ["4"]}])
        shortcuts = [layer for layer in layers if "shortcut" in first(layer, "name")]
        self.assertEqual([first(layer, "bottom") == first(layer, "top") for layer in shortcuts],
                         [block.endswith("_0") for block in BLOCKS[7:]])
        sums = [layer for layer in net_with("drop_block")["layer"]
                if first(layer, "type") == "Eltwise"][7:]
        self.assertEqual([layer["bottom"][1] for layer in sums],
                         [first(layer, "top") for layer in shortcuts])

    def check_branches(self, rival, **wanted):
        layers = layers_of(rival)
        self.assertEqual([first(layer, "top") for layer in layers],
                         [f"{block}_conv3" for block in BLOCKS])
        for depth, layer in enumerate(layers, start=1):
            self.assertEqual(layer["bottom"], layer["top"])
            self.assertEqual(param(layer), {"depth": [str(depth)], "depths": ["16"],
                                            **{k: [v] for k, v in wanted.items()}})

    def test_branches_drop_more_in_the_depth(self):
        self.check_branches("drop_path", keep="0.9")
        self.check_branches("scheduled_drop_path", keep="0.9", scheduled="true")
        self.check_branches("stochastic_depth", keep="0.5", per="BATCH")
        self.check_branches("shake_drop", keep="0.5")

    def test_drop_connect_is_the_classifier(self):
        layer, = layers_of("drop_connect")
        self.assertEqual(layer["drop_connect_param"], [{"keep": ["0.5"]}])
        self.assertEqual(layer["bottom"], ["pool"])

    def test_deploy_nets_have_the_factors_of_test_time(self):
        for rival in ("stochastic_depth", "shake_drop"):
            net = load(f"{FOLDER}/deploy_{rival}.prototxt")
            scales = [float(first(param(layer), "scale")) for layer in net["layer"]
                      if first(layer, "type") == "Power"]
            self.assertEqual(len(scales), 16)
            for depth, scale in enumerate(scales, start=1):
                self.assertAlmostEqual(scale, 1 - depth / 16 * 0.5, 6)
        net = load(f"{FOLDER}/deploy_drop_connect.prototxt")
        power, = [layer for layer in net["layer"] if first(layer, "type") == "Power"]
        self.assertEqual((power["bottom"], power["power_param"]), (["fc"], [{"scale": ["0.5"]}]))

    def test_every_residual_net_takes_a_rival(self):
        for body, size in ((resnet8, 32), (resnet18, 32), (resnet50, 224)):
            for name, rival in MADE.items():
                net = Net("net")
                body(net, Blob("data", (3, size, size)), 10, rival=rival)
                types = [layer["type"] for layer in net.layers]
                self.assertIn(TYPES[name], types)
                for layer in net.layers:
                    if layer["type"] == "DropBlock":
                        self.assertEqual(layer["drop_block_param"]["block_size"],
                                         7 if size == 224 else 4)

    def test_efficientnet_takes_a_drop_path(self):
        net = Net("net")
        efficientnet_b0(net, Blob("data", (3, 32, 32)), 10, drop_path=0.2)
        drops = [layer for layer in net.layers if layer["type"] == "DropPath"]
        sums = [layer for layer in net.layers if layer["type"] == "Eltwise"]
        self.assertEqual([layer["top"][0] for layer in drops],
                         [layer["bottom"][0] for layer in sums])
        # Blocks 2, 4, 6, 7, ... of 16, from 0, have a shortcut.
        self.assertEqual([layer["drop_path_param"]["depth"] for layer in drops],
                         [2, 4, 6, 7, 9, 10, 12, 13, 14])
        for layer in drops:
            self.assertEqual(layer["drop_path_param"]["depths"], 16)
            self.assertAlmostEqual(layer["drop_path_param"]["keep"], 0.8)

    def test_only_this_net_has_the_files(self):
        self.assertEqual({path.rsplit("/", 1)[0] for path in all_files()
                          if path.endswith("_drop_path.prototxt")}, {FOLDER})


if __name__ == "__main__":
    unittest.main()
