"""Parts of scripts/reproduce: what it reads of a run, what it computes, the images it makes up."""
import importlib.util
import pathlib
import sys
import tempfile
import unittest
from dataclasses import replace

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from caffe_experiments.report import table, value  # noqa: E402
from caffe_experiments.results import mean_and_deviation  # noqa: E402
from caffe_experiments.run_log import read_run_log, seconds_an_iteration  # noqa: E402
from caffe_models.data_sets import CIFAR10, CIFAR100  # noqa: E402

CSV = """iteration,epoch,loss,learning_rate,layer_drop_rate,channel_drop_rate,masked_share,test_accuracy
0,0,2.5,0.1,0.01,0.5,0,
10,1,nan,0.1,0.01,0.5,0.25,0.125
20,2,1.5,0.1,0.01,0.5,0.75,0.5
"""


class RunLog(unittest.TestCase):
    def read(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "run.csv"
            if text is not None:
                path.write_text(text)
            return read_run_log(path)

    def test_curves(self):
        log = self.read(CSV)
        self.assertEqual(log.accuracy, [(10, 12.5), (20, 50)])
        self.assertEqual(log.masked, [(0, 0), (10, 0.25), (20, 0.75)])
        self.assertEqual(log.loss[2], (20, 1.5))
        self.assertEqual(log.iteration, 20)

    def test_what_is_being_written_does_not_count(self):
        self.assertEqual(self.read(CSV[:-5]).accuracy, [(10, 12.5)])
        self.assertEqual(self.read(CSV[:20]).iteration, 0)
        self.assertEqual(self.read("").accuracy, [])
        self.assertEqual(self.read(None).accuracy, [])

    def test_time_of_the_iterations_behind_the_warm_up(self):
        lines = ["Iteration 0 (0 iter/s, 9s/10 iters), loss = 2",
                 "Iteration 10 (1 iter/s, 9s/10 iters), loss = 2",
                 "Iteration 20 (2 iter/s, 5s/10 iters), loss = 2", "Iteration 20, lr = 1",
                 "Iteration 30 (3.3 iter/s, 3s/10 iters), loss = 2", "Iteration 35, loss = 2"]
        self.assertEqual(seconds_an_iteration(lines, after=10), 0.4)
        # From 5 to 10 belongs to the warm-up.
        self.assertEqual(seconds_an_iteration(lines, after=15), 0.3)
        self.assertIsNone(seconds_an_iteration(lines, after=30))


class Numbers(unittest.TestCase):
    def test_mean_and_deviation(self):
        self.assertIsNone(mean_and_deviation([]))
        self.assertEqual(mean_and_deviation([3]), {"mean": 3, "deviation": None, "error": None})
        self.assertEqual(mean_and_deviation([1, 2, 3, 6]),
                         {"mean": 3, "deviation": 2.160247, "error": 1.080123})

    def test_text(self):
        self.assertEqual(value(mean_and_deviation([1, 2])), "1.50 ± 0.71")
        self.assertEqual(value(mean_and_deviation([1, 2]), "error", "+"), "+1.50 ± 0.50")
        self.assertEqual(value(mean_and_deviation([1])), "1.00")

    def test_a_difference_names_its_control_where_there_are_two(self):
        def cell(name, control=""):
            figure = mean_and_deviation([1.0])
            return {"name": name, "title": name.upper(), "group": "", "control": control,
                    "runs": [{}], "seeds": 1, "seeds_wanted": 1, "last": figure, "best": None,
                    "paper": None, "masked_share": None, "difference": figure if control else None}
        one = [cell("a"), cell("b", "a"), cell("c", "a")]
        self.assertEqual(table(one)[-1], "| C | 1 | 1.00 | +1.00 |")
        two = [*one, cell("d"), cell("e", "d")]
        self.assertEqual(table(two)[-1], "| E | 1 | 1.00 | +1.00 to D |")


@unittest.skipUnless(importlib.util.find_spec("numpy"), "no NumPy in this Python")
class Generated(unittest.TestCase):
    def write(self, data):
        import numpy
        from caffe_experiments.generated import write_generated
        with tempfile.TemporaryDirectory() as folder:
            form = write_generated(pathlib.Path(folder), data)
            heads = 1 if form == "cifar10" else 2
            files = {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}
        records = {name: numpy.frombuffer(text, numpy.uint8).reshape(-1, heads + 3072)
                   for name, text in files.items()}
        return {name: (rows[:, heads - 1], rows[:, heads:].astype(float))
                for name, rows in records.items()}, files

    def check(self, data, train, test):
        """The nearest class mean, which knows nothing of shifts, beats chance by far."""
        import numpy
        found, files = self.write(data)
        self.assertEqual(files, self.write(data)[1])
        labels, images = found[train]
        self.assertEqual(len(labels), data.train_images)
        counts = numpy.bincount(labels, minlength=data.classes)
        self.assertEqual(len(counts), data.classes)
        self.assertLessEqual(counts.max() - counts.min(), 1)
        means = numpy.stack([images[labels == label].mean(0) for label in range(data.classes)])
        labels, images = found[test]
        self.assertEqual(len(labels), data.test_images)
        distances = ((images[:, None] - means[None]) ** 2).sum(2)
        share = (distances.argmin(1) == labels).mean()
        self.assertGreater(share, 0.5)
        self.assertFalse({image.tobytes() for image in found[train][1]}
                         & {image.tobytes() for image in found[test][1]})

    def test_ten_classes(self):
        self.check(replace(CIFAR10, train_images=200, test_images=100), "data_batch_1.bin",
                   "test_batch.bin")

    def test_a_hundred_classes(self):
        self.check(replace(CIFAR100, train_images=400, test_images=100), "train.bin", "test.bin")


if __name__ == "__main__":
    unittest.main()
