"""scripts/plot_training on small logs."""
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "plot_training"
loader = importlib.machinery.SourceFileLoader("plot_training", str(SCRIPT))
sys.dont_write_bytecode = True
spec = importlib.util.spec_from_loader(loader.name, loader)
plot_training = importlib.util.module_from_spec(spec)
loader.exec_module(plot_training)

PREFIX = "I1123 10:00:00.000001  4242 solver.cpp:228] "

OURS = [PREFIX + line for line in (
    "Iteration 0, Testing net (#0)",
    "    Test net output #0: accuracy = 0.1",
    "    Test net output #1: loss = 2.4 (* 1 = 2.4 loss)",
    "Iteration 0 (0 iter/s, 0.1s/20 iters), loss = 2.5",
    "    Train net output #0: loss = 2.5 (* 1 = 2.5 loss)",
    "Iteration 0, lr = 0.01",
    "    ChannelDropBack: layer drop rate = 0.01, channel drop rate = 0.5, masked 0 % of channels "
    "in 1 iteration",
    "Iteration 20 (10 iter/s, 2s/20 iters), loss = 1.5e-1",
    "Iteration 20, lr = 0.001",
    "    ChannelDropBack: layer drop rate = 0.3, channel drop rate = 0.5, masked 0.4 % of channels "
    "in 20 iterations",
    "Iteration 40, loss = nan",
    "Iteration 40, Testing net (#0)",
    "    Test net output #0: accuracy = 0.75",
    "    Test net output #1: loss = 0.5 (* 1 = 0.5 loss)",
)]

# The form of before January 2017, without the speed.
OLD = [PREFIX + line for line in (
    "Iteration 100, loss = 0.25", "Iteration 100, lr = 0.00992565",
    "Iteration 200, Testing net (#0)", "    Test net output #0: accuracy = 0.98")]


CSV = """iteration,epoch,loss,learning_rate,layer_drop_rate,channel_drop_rate,masked_share,TESTS
0,0,2.5,0.01,0.01,0.5,0,0.1,2.4
20,0.5,0.15,0.001,0.3,0.5,0.004,,
40,1,nan,,,,,0.75,0.5
60,1.5,0.1
""".replace("TESTS", "test_accuracy,test_loss")


class ReadCsv(unittest.TestCase):
    def test_gives_the_curves_of_the_log(self):
        ours, csv = plot_training.read_log(OURS), plot_training.read_csv(CSV.splitlines())
        self.assertEqual(ours.pop("training loss")[:2], csv.pop("training loss")[:2])
        self.assertEqual(ours, csv)

    def test_several_test_nets(self):
        text = CSV.replace("test_accuracy,test_loss", 'test0_accuracy,"test1_a,b"')
        curves = plot_training.read_csv(text.splitlines())
        self.assertEqual(curves["test0 accuracy"], [(0, 0.1), (40, 0.75)])
        self.assertEqual(curves["test1 a,b"], [(0, 2.4), (40, 0.5)])
        titles = dict(plot_training.panels_of([curves]))
        self.assertEqual(titles["accuracy"], ["test0 accuracy", "test1 a,b"])


class ReadLog(unittest.TestCase):
    def test_our_log(self):
        curves = plot_training.read_log(OURS)
        loss = curves.pop("training loss")
        self.assertEqual(loss[:2], [(0, 2.5), (20, 0.15)])
        self.assertEqual(loss[2][0], 40)
        self.assertNotEqual(loss[2][1], loss[2][1])  # not a number
        self.assertEqual(curves, {
            "test accuracy": [(0, 0.1), (40, 0.75)],
            "test loss": [(0, 2.4), (40, 0.5)],
            "learning rate": [(0, 0.01), (20, 0.001)],
            "layer drop rate": [(0, 0.01), (20, 0.3)],
            "channel drop rate": [(0, 0.5), (20, 0.5)]})

    def test_old_log(self):
        self.assertEqual(plot_training.read_log(OLD), {
            "training loss": [(100, 0.25)], "learning rate": [(100, 0.00992565)],
            "test accuracy": [(200, 0.98)]})

    def test_a_resumed_run_replaces_what_it_repeats(self):
        lines = [f"Iteration {i}, loss = {loss}" for i, loss in
                 ((0, 9), (10, 8), (20, 7), (10, 5), (20, 4))]
        self.assertEqual(plot_training.read_log(lines),
                         {"training loss": [(0, 9), (10, 5), (20, 4)]})


    def test_a_resumed_run_may_repeat_no_test(self):
        lines = [PREFIX + line for line in (
            "Iteration 10, Testing net (#0)", "Test net output #0: accuracy = 0.1",
            "Iteration 20, Testing net (#0)", "Test net output #0: accuracy = 0.2",
            "Iteration 15 (1 iter/s, 5s/5 iters), loss = 1",
            "Iteration 25, Testing net (#0)", "Test net output #0: accuracy = 0.3")]
        self.assertEqual(plot_training.read_log(lines)["test accuracy"], [(10, 0.1), (25, 0.3)])

    def test_caffe_1_0_with_two_test_nets_elements_and_total_loss(self):
        """As its release of 2017 writes them; the first speed is not initialised there."""
        lines = [PREFIX + line for line in (
            "Iteration 0, Testing net (#0)", "Ignoring source layer data_split",
            "Test loss: 2.5", "    Test net output #0: accuracy = 0.1",
            "    Test net output #1: per_class = 0.5", "    Test net output #2: per_class = 0.25",
            "    Test net output #3: loss = 2.4 (* 0.3 = 0.72 loss)",
            "Iteration 0, Testing net (#1)", "    Test net output #0: accuracy = 0.2",
            "Iteration 0 (-1.4013e-45 iter/s, 3.1s/20 iters), loss = 2.5",
            "    Train net output #0: loss = 2.5 (* 1 = 2.5 loss)", "Iteration 0, lr = 1e-05",
            "Iteration 20 (6.4 iter/s, 3.1s/20 iters), loss = -nan", "Iteration 20, lr = 0")]
        curves = plot_training.read_log(lines)
        loss = curves.pop("training loss")
        self.assertEqual(loss[0], (0, 2.5))
        self.assertNotEqual(loss[1][1], loss[1][1])
        self.assertEqual(curves, {
            "learning rate": [(0, 1e-5), (20, 0)], "test0 total loss": [(0, 2.5)],
            "test0 accuracy": [(0, 0.1)], "test0 per_class[0]": [(0, 0.5)],
            "test0 per_class[1]": [(0, 0.25)], "test0 loss": [(0, 2.4)],
            "test1 accuracy": [(0, 0.2)]})
        panels = dict(plot_training.panels_of([curves | {"training loss": loss}]))
        self.assertEqual(panels["accuracy"], ["test0 accuracy", "test0 per_class[0]",
                                              "test0 per_class[1]", "test1 accuracy"])


class Labels(unittest.TestCase):
    def test_as_much_of_the_path_as_tells_logs_apart(self):
        for paths, wanted in (
                (["a/x.log", "b/y.csv"], ["x", "y"]),
                (["out/paper/seed1/run.csv", "out/sgd/seed1/run.csv"],
                 ["paper", "sgd"]),
                (["a/1/run.csv", "a/2/run.csv", "b/1/run.csv"], ["a/1", "a/2", "b/1"]),
                (["a/x.log", "b/x.log", "y.log"], ["a/x", "b/x", "y"]),
                (["x.log", "x.log"], ["x", "x"])):
            self.assertEqual(plot_training.labels_of(list(map(pathlib.Path, paths))), wanted)


class Panels(unittest.TestCase):
    def test_only_what_the_logs_have(self):
        titles = [title for title, _ in plot_training.panels_of([plot_training.read_log(OLD)])]
        self.assertEqual(titles, ["loss", "accuracy", "learning rate"])
        both = plot_training.panels_of([plot_training.read_log(OLD), plot_training.read_log(OURS)])
        self.assertEqual(dict(both)["loss"], ["training loss", "test loss"])
        self.assertEqual(dict(both)["drop rates"], ["layer drop rate", "channel drop rate"])


class Command(unittest.TestCase):
    def run_it(self, *arguments):
        return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True)

    def test_writes_a_png(self):
        if importlib.util.find_spec("matplotlib") is None:
            self.skipTest("no matplotlib in this Python")
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "ours.log").write_text("\n".join(OURS))
            (folder / "old.log").write_text("\n".join(OLD))
            (folder / "run.csv").write_text(CSV)
            output = folder / "new" / "curves.png"
            result = self.run_it(folder / "ours.log", folder / "old.log", folder / "run.csv",
                                 "--labels", "a,b,c", "--output", output)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(output.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")

    def test_errors_name_the_file_and_leave_no_picture(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "empty.log").write_text("hello\n")
            (folder / "empty.csv").write_text("iteration,loss,learning_rate\n")
            (folder / "bad.csv").write_text("iteration,loss,learning_rate\n0,high,1\n")
            for name, wanted in (("empty.log", "no line of a training log"),
                                 ("empty.csv", "no row of --log_csv"), ("bad.csv", "'high'"),
                                 ("absent.log", "No such file")):
                result = self.run_it(folder / name, "--output", folder / "x.png")
                self.assertEqual(result.returncode, 1)
                self.assertIn(name, result.stderr)
                self.assertIn(wanted, result.stderr)
                self.assertNotIn("Traceback", result.stderr)
                self.assertFalse((folder / "x.png").exists())

    def test_help(self):
        result = self.run_it("--help")
        self.assertEqual(result.returncode, 0)
        self.assertIn("--output", result.stdout)


if __name__ == "__main__":
    unittest.main()
