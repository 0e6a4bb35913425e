"""The checked-in solvers of the paper's tables, and what scripts/reproduce makes of them."""
import json
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "scripts")]
from caffe_experiments import tables  # noqa: E402
from caffe_experiments.experiment import Changes, on_data  # noqa: E402
from caffe_experiments.run import Run  # noqa: E402
from caffe_experiments.study import study  # noqa: E402
from caffe_experiments.tables import Choice  # noqa: E402
from prototxt_reader import read  # noqa: E402

MODELS = HERE.parents[1] / "models"
CNNS = ("mobilenetv2", "efficientnet_b0", "shufflenetv2_x0_5", "shufflenetv2_x1_0", "densenet121",
        "resnet50")
FROM_SCRATCH = [f"{net}/cifar{classes}" for net in CNNS for classes in (10, 100)] + [
    f"resnet{depth}/cifar100" for depth in (18, 34, 101)]
FINE_TUNED = [f"resnet50/{data}_224" for data in ("svhn", "cifar10", "cifar100")] + [
    f"vit_{size}16/{data}" for size in "bl"
    for data in ("cifar10", "cifar100", "imagenet", "imagenet_384")]
RESNET34 = "resnet34/cifar100"


def load(path):
    """Fields that occur once without their list."""
    found = read((MODELS / path).read_text())
    return {key: value if key == "stepvalue" else value[0] for key, value in found.items()}


def options(solver):
    return solver.pop("channel_dropback_param")


class Reference(unittest.TestCase):
    """Every cell of Tables 1, 2, 3 and 5 as the authors' code has it."""

    def test_the_folders_are_those_of_the_tables(self):
        found = {str(path.parent.relative_to(MODELS)) for path in
                 MODELS.rglob("solver_channel_dropback_reference.prototxt")}
        self.assertEqual(found, {*FROM_SCRATCH, *FINE_TUNED})

    def test_method_and_baseline_differ_in_the_drop_rate_only(self):
        for folder in FROM_SCRATCH + FINE_TUNED:
            method, baseline = (load(f"{folder}/solver_{name}_reference.prototxt")
                                for name in ("channel_dropback", "baseline"))
            base = {"base": ["SGD"]} if folder.startswith("vit") else {}
            wanted = {"semantics": ["REFERENCE"], **base}
            self.assertEqual(options(method), wanted)
            self.assertEqual(options(baseline), {
                **wanted, "layer_drop_rate": [{"policy": ["fixed"], "value": ["0"]}]})
            self.assertNotEqual(method.pop("snapshot_prefix"), baseline.pop("snapshot_prefix"))
            self.assertEqual(method, baseline)
            self.assertEqual(method["type"], "ChannelDropBack")

    def test_recipe_of_the_code_from_scratch_and_of_the_paper_for_fine_tuning(self):
        for folder in FROM_SCRATCH + FINE_TUNED:
            paper = load(f"{folder}/solver_baseline.prototxt")
            code = load(f"{folder}/solver_baseline_reference.prototxt")
            for solver in (paper, code):
                solver.pop("snapshot_prefix")
            code.pop("type")
            code.pop("channel_dropback_param")
            if folder in FROM_SCRATCH:
                iterations = int(paper["max_iter"])
                self.assertEqual(code.pop("weight_decay"), "0.0005")
                self.assertEqual(code.pop("stepvalue"),
                                 [str(round(share * iterations)) for share in (0.3, 0.6, 0.85)])
                paper.pop("weight_decay")
                paper.pop("stepvalue")
            self.assertEqual(code, paper)


class Resnet34(unittest.TestCase):
    """Table 6 and Figure 1 change one option of the method's solver."""

    def check(self, name, **changes):
        for ending in ("", "_reference"):
            plain = load(f"{RESNET34}/solver_channel_dropback{ending}.prototxt")
            changed = load(f"{RESNET34}/{name}{ending}.prototxt")
            self.assertEqual(options(changed), {**options(plain), **changes})
            prefix = changed.pop("snapshot_prefix")
            self.assertEqual(prefix, f"models/{RESNET34}/{name}{ending}".replace("solver_", ""))
            plain.pop("snapshot_prefix")
            self.assertEqual(changed, plain)

    def test_table_6(self):
        self.check("table6/solver_fixed_rate",
                   layer_drop_rate=[{"policy": ["fixed"], "value": ["0.3"]}])
        self.check("table6/solver_no_skip", skip_layers=["0"])

    def test_figure_1(self):
        for tenth in range(1, 10):
            self.check(f"fig1/solver_0.{tenth}",
                       channel_drop_rate=[{"policy": ["fixed"], "value": [f"0.{tenth}"]}])

    def test_nothing_else_is_there(self):
        self.assertEqual(len(list((MODELS / RESNET34 / "table6").iterdir())), 4)
        self.assertEqual(len(list((MODELS / RESNET34 / "fig1").iterdir())), 18)


def experiments(readings=("PAPER", "REFERENCE")):
    choice = Choice(readings=readings)
    for table in ("table1", "table2", "table3", "table5"):
        yield tables.accuracy_table(table, choice)
    for make in (tables.table4, tables.table6, tables.fig1, tables.table7, study):
        yield make(choice)


class Experiments(unittest.TestCase):
    def test_names_are_unique_and_controls_are_there(self):
        for experiment in experiments():
            names = [cell.name for cell in experiment.cells]
            self.assertEqual(len(names), len(set(names)))
            for cell in experiment.cells:
                self.assertIn(cell.control, [*names, ""])
                control = next((c for c in experiment.cells if c.name == cell.control), None)
                if control:
                    self.assertEqual(control.folder, cell.folder)
                    self.assertEqual(control.entry.recipe, cell.entry.recipe)
                    self.assertEqual(control.control, "")

    def test_the_papers_figures(self):
        papers = {cell.name: cell.paper for experiment in experiments(("PAPER",))
                  for cell in experiment.cells if experiment.name not in ("table6", "table7")}
        for name, figures in {"mobilenetv2_cifar100": (68.08, 73.75),
                              "densenet121_cifar10": (95.12, 95.52),
                              "resnet101_cifar100": (76.81, 77.67),
                              "resnet50_svhn_224": (95.31, 95.37),
                              "vit_b16_imagenet": (81.32, 82.03),
                              "vit_l16_imagenet_384": (85.05, 85.05)}.items():
            self.assertEqual((papers[f"{name}_baseline"], papers[f"{name}_channel_dropback"]),
                             figures)
        # In all but three of the paper's pairs the method is ahead.
        pairs = [pair for table in ("table1", "table2", "table3", "table5")
                 for pair in tables.FIGURES[table].values()]
        self.assertEqual(len(pairs), 8 + 3 + 12 + 4)
        self.assertEqual(sum(method <= baseline for baseline, method in pairs), 3)

    def test_the_full_form_trains_what_is_checked_in(self):
        """But for paths, random seed, and when to save and to test."""
        own = {"net", "snapshot", "snapshot_prefix", "random_seed", "test_initialization"}
        for experiment in experiments():
            if experiment.name in ("study", "table7"):
                continue
            for cell in experiment.cells:
                if cell.name.removesuffix("_reference") in set(tables.RIVALS) - {cell.name}:
                    continue   # Rivals under the code's recipe have no files.
                files = self.files_of(on_data(Changes().of(cell), cell.entry.data))
                solver = {key: value for key, value in read(files["solver"]).items()
                          if key not in own}
                checked_in = read((MODELS / self.checked_in(experiment, cell)).read_text())
                self.assertEqual(solver, {key: value for key, value in checked_in.items()
                                          if key not in own}, cell.name)
                net = read((MODELS.parent / checked_in["net"][0]).read_text())["layer"]
                self.assertEqual(read(files["train_val"])["layer"], net, cell.name)

    def checked_in(self, experiment, cell):
        ending = "_reference" if cell.name.endswith("_reference") else ""
        name = cell.name.removesuffix(ending)
        if experiment.name == "fig1" and cell.x is not None:
            return f"{cell.folder}/fig1/solver_{cell.x}{ending}.prototxt"
        if name in ("fixed_rate", "no_skip"):
            return f"{cell.folder}/table6/solver_{name}{ending}.prototxt"
        if name in tables.RIVALS:
            return f"{cell.folder}/solver_{name}.prototxt"
        kind = "baseline" if name.endswith("baseline") else "channel_dropback"
        return f"{cell.folder}/solver_{kind}{ending}.prototxt"

    @staticmethod
    def files_of(cell):
        with tempfile.TemporaryDirectory() as folder:
            Run(cell, 3, pathlib.Path(folder)).write_files()
            return {name: (pathlib.Path(folder) / f"{name}.prototxt").read_text()
                    for name in ("train_val", "solver")}

    def test_a_short_run_is_the_long_one_made_shorter(self):
        cell = tables.accuracy_table("table5", Choice()).cells[1]
        changed = Changes(epochs=20, lr=0.05, batch=64, width=0.25).of(cell)
        solver = read(self.files_of(on_data(changed, cell.entry.data))["solver"])
        self.assertEqual(solver["max_iter"], ["15640"])      # 20 epochs of 782
        self.assertEqual(solver["stepvalue"], ["4692", "9384", "12512"])
        self.assertEqual(solver["base_lr"], ["0.05"])
        self.assertEqual(solver["random_seed"], ["3"])
        cell = tables.accuracy_table("table1", Choice()).cells[0]
        for epochs, warmup in ((17, "100"), (1, "6")):
            changed = Changes(epochs=epochs).of(cell)
            solver = read(self.files_of(on_data(changed, cell.entry.data))["solver"])
            self.assertEqual(solver["warmup_iter"], [warmup])

    def test_a_quarter_of_the_width(self):
        cell = Changes(width=0.25).of(tables.accuracy_table("table5", Choice()).cells[0])
        net = read(self.files_of(cell)["train_val"])
        planes = [int(layer["convolution_param"][0]["num_output"][0]) for layer in net["layer"]
                  if layer["type"] == ["Convolution"]]
        self.assertEqual(planes, [16] * 5 + [32] * 5 + [64] * 5 + [128] * 5)

    def test_the_study_changes_one_option_at_a_time(self):
        cells = {cell.name: cell.method for cell in study(Choice()).cells}
        self.assertEqual(cells.pop("baseline_sgd").semantics, "")
        reference, control = cells.pop("reference"), cells.pop("baseline_nesterov")
        self.assertEqual((reference.semantics, reference.options), ("REFERENCE", {}))
        self.assertEqual((control.semantics, control.options),
                         ("REFERENCE", {"layer_drop_rate": {"policy": "fixed", "value": 0}}))
        self.assertEqual(cells.pop("paper").options, {})
        self.assertEqual(json.dumps([cell.options for cell in cells.values()]), json.dumps(
            [{"mask": "SKIP"}, {"mask": "GRADIENT"}, {"selection": "EACH_LAYER"},
             {"freeze_unselected": True}, {"channel_count": "EXACT"}, {"channel_axis": "INPUT"}]))


if __name__ == "__main__":
    unittest.main()
