"""The command scripts/reproduce, with programs that only pretend to train."""
import fcntl
import importlib.util
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FAKE = pathlib.Path(__file__).resolve().parent / "fake_caffe.py"
TOOLS = ("caffe", "lmdb_info", "lmdb_subset", "convert_cifar")


def has_matplotlib():
    return importlib.util.find_spec("matplotlib") is not None or \
        subprocess.run(["/usr/bin/python3", "-c", "import matplotlib"],
                       capture_output=True).returncode == 0


@unittest.skipUnless(has_matplotlib(), "no Python here has matplotlib")
class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.output = self.folder / "out"
        self.diary = self.folder / "diary"
        (self.folder / "bin").mkdir()
        for tool in TOOLS:
            (self.folder / "bin" / tool).symlink_to(FAKE)
        for part, count in (("train", 1000), ("test", 400)):
            lmdb = self.folder / "data" / "cifar100" / f"{part}_lmdb"
            lmdb.mkdir(parents=True)
            (lmdb / "data.mdb").write_text(str(count))

    def command(self, *arguments):
        return [str(ROOT / "scripts" / "reproduce"), *arguments,
                "--caffe", str(self.folder / "bin" / "caffe"),
                "--data-root", str(self.folder / "data"), "--output", str(self.output)]

    def run_it(self, *arguments, code=0, **environment):
        result = subprocess.run(self.command(*arguments), capture_output=True, text=True,
                                cwd=self.folder, env=self.environment(**environment))
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertNotIn("Traceback", result.stderr)
        return result

    def environment(self, **more):
        return {**os.environ, "FAKE_DIARY": str(self.diary), **more}

    def results(self):
        found = json.loads((self.output / "results.json").read_text())
        return {cell["name"]: cell for cell in found["cells"]}

    def entries(self):
        return self.diary.read_text().splitlines() if self.diary.exists() else []

    def assert_same_results(self, *arguments):
        """Those of an undisturbed grid."""
        found = self.results()
        self.output = self.folder / "undisturbed"
        self.run_it(*arguments)
        wanted = self.results()
        for cells in (found, wanted):
            for cell in cells.values():
                for run in cell["runs"]:
                    run.pop("seconds")
        self.assertEqual(found, wanted)

    def test_writes_means_and_differences_of_all_runs(self):
        self.run_it("table6", "--seeds", "2", "--epochs", "3", "--threads", "4")
        self.assertEqual(
            [entry.split(" from")[0] for entry in self.entries()],
            [f"{cell} seed{seed}" for seed in (1, 2)
             for cell in ("baseline", "fixed_rate", "channel_dropback", "no_skip")])
        self.assertTrue(all(entry.endswith("threads 4") for entry in self.entries()))
        cells = self.results()
        for name, paper in (("baseline", 75.56), ("fixed_rate", 75.88),
                            ("channel_dropback", 76.28), ("no_skip", 75.73)):
            cell = cells[name]
            self.assertEqual(cell["paper"], paper)
            last = []
            for run in cell["runs"]:
                curve = [value for _, value in run["accuracy"]]
                self.assertEqual([epoch for epoch, _ in run["accuracy"]], [1, 2, 3])
                self.assertEqual(run["last"], curve[-1])
                self.assertEqual(run["best"], max(curve))
                self.assertEqual(run["best_epoch"], 1 + curve.index(max(curve)))
                last.append(curve[-1])
            self.assertAlmostEqual(cell["last"]["mean"], statistics.mean(last), 4)
            self.assertAlmostEqual(cell["last"]["deviation"], statistics.stdev(last), 4)
        pairs = [method["last"] - control["last"] for method, control in
                 zip(cells["no_skip"]["runs"], cells["baseline"]["runs"])]
        self.assertAlmostEqual(cells["no_skip"]["difference"]["mean"], statistics.mean(pairs), 4)
        self.assertAlmostEqual(cells["no_skip"]["difference"]["error"],
                               statistics.stdev(pairs) / 2**0.5, 4)
        report = (self.output / "report.md").read_text()
        row = next(line for line in report.splitlines() if line.startswith("| baseline"))
        mean, deviation = (cells["baseline"]["last"][key] for key in ("mean", "deviation"))
        self.assertIn(f"{mean:.2f} ± {deviation:.2f}", row)
        self.assertIn("75.56", row)
        self.assertEqual((self.output / "curves.png").read_bytes()[:8], b"\x89PNG\r\n\x1a\n")

    def test_a_finished_grid_is_not_trained_again_and_can_grow(self):
        self.run_it("fig1", "--seeds", "1", "--epochs", "2", "--cells", "baseline,channel_rate_0.5")
        self.assertEqual(len(self.entries()), 2)
        self.run_it("fig1", "--seeds", "1", "--epochs", "2", "--cells", "baseline,channel_rate_0.5")
        self.assertEqual(len(self.entries()), 2)
        self.run_it("fig1", "--seeds", "2", "--epochs", "2", "--cells", "channel_rate_0.5,baseline")
        self.assertEqual([entry.split(" from")[0] for entry in self.entries()[2:]],
                         ["baseline seed2", "channel_rate_0.5 seed2"])
        self.assertEqual(self.results()["channel_rate_0.5"]["x"], 0.5)

    def stopped(self, number):
        """A grid of two runs that got this signal after the first epochs; the process."""
        process = subprocess.Popen(self.command(*self.TWO_RUNS), cwd=self.folder,
                                   stderr=subprocess.PIPE, text=True,
                                   env=self.environment(FAKE_SECONDS="0.5"))
        next(line for line in process.stderr if "baseline, seed 1: epoch" in line)
        process.send_signal(number)
        return process

    TWO_RUNS = "table6", "--seeds", "1", "--epochs", "20", "--cells", "baseline,fixed_rate"

    def check_that_it_goes_on(self):
        self.run_it(*self.TWO_RUNS)
        self.assertEqual([entry.split(" from")[0] for entry in self.entries()],
                         ["baseline seed1", "baseline seed1", "fixed_rate seed1"])
        starts = [int(re.search(r"from (\d+)", entry).group(1)) for entry in self.entries()]
        self.assertGreater(starts[1], 0)
        self.assertEqual(starts[::2], [0, 0])
        self.assert_same_results(*self.TWO_RUNS)

    def test_goes_on_where_it_was_interrupted(self):
        with self.stopped(signal.SIGINT) as process:
            self.assertIn("Stopped by SIGINT. The same command resumes", process.stderr.read())
        self.assertEqual(process.returncode, 130)
        self.check_that_it_goes_on()

    def test_goes_on_after_a_scheduler_ended_it(self):
        with self.stopped(signal.SIGTERM) as process:
            self.assertIn("Stopped by SIGTERM", process.stderr.read())
        self.assertEqual(process.returncode, 143)
        self.check_that_it_goes_on()

    def test_goes_on_after_a_kill(self):
        with self.stopped(signal.SIGKILL):
            pass
        self.check_that_it_goes_on()

    def test_waits_for_a_training_that_still_ends(self):
        arguments = "table6", "--seeds", "1", "--epochs", "2", "--cells", "baseline"
        run = self.output / "runs" / "baseline" / "seed1"
        run.mkdir(parents=True)
        with open(run / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            process = subprocess.Popen(self.command(*arguments), cwd=self.folder,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       env=self.environment())
            time.sleep(3)
            self.assertEqual(self.entries(), [])
        self.assertEqual(process.wait(), 0)
        self.assertEqual(len(self.entries()), 1)

    def test_other_settings_in_the_same_folder_are_refused(self):
        self.run_it("table6", "--seeds", "1", "--epochs", "2", "--cells", "baseline")
        before = (self.output / "results.json").read_text()
        result = self.run_it("table6", "--seeds", "1", "--epochs", "3", "--cells", "baseline",
                             code=1)
        self.assertIn("solver.prototxt was made with other settings", result.stderr)
        self.assertEqual((self.output / "results.json").read_text(), before)

    def test_a_failed_run_is_named_and_the_others_go_on(self):
        arguments = "table6", "--seeds", "1", "--epochs", "2"
        result = self.run_it(*arguments, code=1, FAKE_FAILURE="fixed_rate")
        self.assertIn("fixed_rate, seed 1 failed: exit code 1: Error: all is lost", result.stderr)
        cells = self.results()
        self.assertEqual({name: cell["seeds"] for name, cell in cells.items()},
                         {"baseline": 1, "fixed_rate": 0, "channel_dropback": 1, "no_skip": 1})
        self.assertIn("0 of 1", (self.output / "report.md").read_text())
        self.run_it(*arguments)
        self.assertEqual(self.results()["fixed_rate"]["seeds"], 1)

    def test_keeps_two_snapshots_and_then_the_last_weights(self):
        self.run_it("table6", "--seeds", "1", "--epochs", "5", "--cells", "baseline")
        names = sorted(path.name for path in
                       (self.output / "runs" / "baseline" / "seed1").glob("snapshot*"))
        self.assertEqual(names, ["snapshot_iter_40.caffemodel"])

    def test_several_at_a_time(self):
        self.run_it("table6", "--seeds", "2", "--epochs", "2", "--jobs", "3")
        self.assertEqual(len(self.entries()), 8)
        self.assertTrue(all(cell["seeds"] == 2 for cell in self.results().values()))

    def test_a_subset_of_the_images_is_made_once(self):
        arguments = "table6", "--seeds", "1", "--epochs", "2", "--cells", "baseline", \
            "--images", "500", "--test-images", "100"
        self.run_it(*arguments)
        self.run_it(*arguments)
        solver = (self.output / "runs/baseline/seed1/solver.prototxt").read_text()
        self.assertIn("max_iter: 8\n", solver)       # 500 images are 4 batches of 128
        self.assertIn("test_iter: 1\n", solver)
        result = self.run_it("table6", "--images", "5000", code=1)
        self.assertIn("train_lmdb has 1000 images; 5000 are asked for", result.stderr)

    def test_fine_tuning_wants_weights(self):
        arguments = "table2", "--data", "cifar100", "--seeds", "1", "--epochs", "1"
        result = self.run_it(*arguments, code=1)
        self.assertIn("--weights resnet50=FILE", result.stderr)
        result = self.run_it(*arguments, "--weights", "absent", code=1)
        self.assertIn("there is no", result.stderr)
        (self.folder / "w.caffemodel").write_text("")
        self.run_it(*arguments, "--weights", "resnet50=w.caffemodel")
        self.assertTrue(all(f"weights {self.folder}/w.caffemodel" in entry
                            for entry in self.entries()))
        self.assertIn("w.caffemodel", (self.output / "report.md").read_text())

    def test_small_form_generates_what_is_missing_and_pretrains(self):
        self.run_it("table1", "--small", "--net", "vit_b16", "--seeds", "1")
        entries = self.entries()
        self.assertEqual(sorted(entry.split()[1] for entry in entries[:2]),
                         ["pretraining_vit_b16_32", "pretraining_vit_b16_48"])
        self.assertIn("weights None", entries[0])
        for entry in entries[2:]:
            size = "48" if "384" in entry else "32"
            self.assertIn(f"pretraining_vit_b16_{size}/snapshot_iter_", entry)
        report = (self.output / "report.md").read_text()
        self.assertIn("Generated images** in place of cifar10, imagenet, imagenet_384", report)
        self.assertNotIn("in place of cifar10, cifar100", report)
        self.assertIn("Small form", report)

    def test_table_7_measures_seconds_without_the_first_epoch(self):
        self.run_it("table7", "--seeds", "2", "--epochs", "3")
        self.assertEqual([entry.split(" from")[0] for entry in self.entries()],
                         ["baseline seed1", "channel_dropback seed1", "baseline seed2",
                          "channel_dropback seed2"])
        # The whole data set is 391 iterations, of half a second here.
        self.assertEqual([run["last"] for run in self.results()["baseline"]["runs"]],
                         [195.5, 195.5])
        report = (self.output / "report.md").read_text()
        self.assertIn("| baseline | 2 | 195.50 ± 0.00 | 29.1 |", report)
        self.assertIn("first epoch", self.run_it("table7", "--epochs", "1", code=1).stderr)
        self.assertIn("must be alone", self.run_it("table7", "--jobs", "2", code=1).stderr)

    def test_wrong_words(self):
        for arguments, code, wanted in (
                (("table9",), 2, "table9"), (("table6", "--seeds", "0"), 2, "whole number above 0"),
                (("table6", "--lr", "fast"), 2, "no number above 0"),
                (("table6", "--reading", "MINE"), 2, "no reading 'MINE'"),
                (("table6", "--cells", "x"), 1, "there is no cell 'x'; there are baseline,"),
                (("table5", "--net", "vgg"), 1, "--net and --data leave nothing"),
                (("table3", "--data", "cifar10", "--net", "resnet50"), 1, "there is no LMDB")):
            self.assertIn(wanted, self.run_it(*arguments, code=code).stderr)
        (self.folder / "bin" / "caffe").unlink()
        self.assertIn("Build it", self.run_it("table6", code=1).stderr)

    def test_help(self):
        self.assertIn("--reading", self.run_it("--help").stdout)


if __name__ == "__main__":
    unittest.main()
