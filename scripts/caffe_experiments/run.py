"""One training: its folder, its files, and the caffe process that works on it.

A run's folder holds train_val.prototxt, solver.prototxt, run.csv (rates and results), run.log (what
caffe said), run.json (seconds spent, and whether it is finished) and the newest snapshots. While a
process works on it, it holds the lock of `lock`. If the command that started it dies, it takes a
snapshot and stops.
"""
import ctypes
import fcntl
import json
import os
import re
import signal
import subprocess
import time
from dataclasses import replace

from caffe_models.recipes import HEADER, solver_text, train_val_text

from .errors import Refusal
from .run_log import read_run_log, seconds_an_iteration

LOCK_SECONDS = 60
PR_SET_PDEATHSIG = 1   # of prctl(2)
SNAPSHOT = re.compile(r"snapshot_iter_(\d+)\.(caffemodel|solverstate)$")


class Run:
    """`weights` is a file to start from, None for random weights."""

    def __init__(self, cell, seed, folder, weights=None, measures_time=False):
        self.cell = cell
        self.seed = seed
        self.folder = folder
        self.weights = weights
        self.measures_time = measures_time
        self.seconds = 0          # of all starts
        self.finished = False
        self._process = None
        self._lock = None
        state = folder / "run.json"
        if state.exists():
            saved = json.loads(state.read_text())
            self.seconds, self.finished = saved["seconds"], saved["finished"]

    @property
    def name(self):
        return f"{self.cell.name}, seed {self.seed}"

    def log(self):
        return read_run_log(self.folder / "run.csv")

    def epochs_done(self):
        """Whole ones."""
        return self.cell.epochs if self.finished else self.log().iteration // self.cell.epoch

    @property
    def final_weights(self):
        """What a finished run leaves."""
        return self.folder / f"snapshot_iter_{self.cell.iterations}.caffemodel"

    def seconds_an_epoch(self):
        """Of the whole data set, measured without the run's first epoch."""
        log = (self.folder / "run.log").read_text(errors="replace")
        seconds = seconds_an_iteration(log.splitlines(), after=self.cell.epoch)
        recipe, data = self.cell.entry.recipe, self.cell.entry.data
        return seconds * recipe.epoch(replace(data, train_images=self.cell.all_images))

    def write_files(self):
        """Refuses a folder that was made with other settings."""
        entry = self.cell.entry
        texts = {
            "train_val.prototxt": train_val_text(entry.title, entry.body, entry.data, entry.recipe),
            "solver.prototxt": solver_text(
                str(self.folder / "train_val.prototxt"), str(self.folder / "snapshot"),
                self.cell.method, entry.data, entry.recipe,
                random_seed=self.seed, test_initialization=False,
                **({"weights": str(self.weights)} if self.weights else {}),
                **(self._nothing_but_training() if self.measures_time else {}))}
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            text = text.replace(HEADER, "# Written by scripts/reproduce.\n")
            path = self.folder / name
            if path.exists() and without_comments(path.read_text()) != without_comments(text):
                raise Refusal(f"{path} was made with other settings than this command's. Repeat "
                              "them, or choose another --output.")
            write_whole(path, text)

    def _nothing_but_training(self):
        """Its first test is due after the end. The last iteration shows no speed, so there are
        several displays in an epoch."""
        return {"test_interval": self.cell.iterations + 1, "snapshot": 0,
                "snapshot_after_train": False, "display": max(1, self.cell.epoch // 4)}

    def start(self, command, environment, folder):
        """`command` is caffe with its options but those of this run; it runs in `folder`."""
        self._lock = self._take_lock()
        arguments = [*command, "--solver", self.folder / "solver.prototxt", "--snapshot=auto",
                     "--log_csv", self.folder / "run.csv"]
        if self.measures_time:
            # An interrupted one starts over.
            (self.folder / "run.log").unlink(missing_ok=True)
        with open(self.folder / "run.log", "ab") as log:
            # In a session of its own, so that Ctrl-C reaches it through stop() only.
            self._process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                env={**os.environ, **environment}, pass_fds=[self._lock], start_new_session=True,
                preexec_fn=_stop_with_parent)
        self._since = time.monotonic()

    def _take_lock(self):
        """A training whose command was killed needs a moment to take its snapshot."""
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        for _ in range(LOCK_SECONDS):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return lock
            except BlockingIOError:
                time.sleep(1)
        os.close(lock)
        raise Refusal(f"another training works on {self.folder}. Wait for it, or end it: "
                      f"'fuser {self.folder}/lock' shows its process")

    def poll(self):
        """Whether the process has ended; takes note of how the run stands."""
        code = self._process.poll()
        now = time.monotonic()
        self.seconds += now - self._since
        self._since = now
        if code is not None:
            os.close(self._lock)
            self.finished = code == 0 and self.log().iteration == self.cell.iterations
        write_whole(self.folder / "run.json",
                    json.dumps({"seconds": round(self.seconds, 1), "finished": self.finished}))
        self.remove_old_snapshots()
        return code is not None

    def stop(self):
        """Asks for a snapshot and an end; a second time, for the end."""
        self._process.send_signal(signal.SIGINT)

    def failure(self):
        """Why the process gave up; empty if it did not."""
        if self.finished or self._process is None or self._process.returncode in (None, 0):
            return ""
        lines = (self.folder / "run.log").read_text(errors="replace").splitlines()
        errors = [line for line in lines if line.startswith("Error:")] or lines[-1:]
        return f"exit code {self._process.returncode}: {errors[-1] if errors else ''}"

    def remove_old_snapshots(self):
        """Keeps two while the run goes on, then only the weights of the last."""
        found = {}
        for path in self.folder.iterdir():
            match = SNAPSHOT.search(path.name)
            if match:
                found.setdefault(int(match.group(1)), []).append(path)
        order = sorted(found)
        for iteration in order[:-1] if self.finished else order[:-2]:
            for path in found[iteration]:
                path.unlink()
        if self.finished and order:
            for path in found[order[-1]]:
                if path.suffix == ".solverstate":
                    path.unlink()


def without_comments(text):
    return [line for line in text.splitlines() if not line.startswith("#")]


def write_whole(path, text):
    """Readers see the old file or the new one."""
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(text)
    temporary.replace(path)


def _stop_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
