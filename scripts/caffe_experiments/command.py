"""The command line of scripts/reproduce."""
import pathlib
import signal
import sys
import time
from dataclasses import replace
from functools import partial

from .curves import draw, pyplot
from .data import DataFolder
from .errors import Refusal
from .experiment import Changes, on_data
from .machine import cores, machine
from .options import absolute, parser
from .progress import duration
from .report import table, write_report
from .run import Run
from .runner import Interrupted, Runner
from .small import DEFAULTS, small
from .study import study
from .tables import Choice, accuracy_table, fig1, table4, table6, table7

DRAW_SECONDS = 60
ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPERIMENTS = {
    **{name: partial(accuracy_table, name) for name in ("table1", "table2", "table3")},
    "table4": table4, "table5": partial(accuracy_table, "table5"), "table6": table6, "table7": table7,
    "fig1": fig1, "study": study}


def main(arguments, description):
    args = parser(description, EXPERIMENTS).parse_args(arguments)
    try:
        return reproduce(args)
    except Refusal as error:
        print(f"reproduce: {error}", file=sys.stderr)
        return 1
    except Interrupted as stop:
        print(f"Stopped by {signal.Signals(stop.number).name}. The same command resumes from here.",
              file=sys.stderr)
        return 128 + stop.number


def reproduce(args):
    pyplot()
    output = absolute(args.output or pathlib.Path("output/reproduce") / (
        args.experiment + ("_small" if args.small else "")))
    program = absolute(args.caffe or ROOT / f"build/{'cuda' if args.gpu else 'cpu'}/bin/caffe")
    if not program.exists():
        raise Refusal(f"there is no {program}. Build it (README.md), or name it with --caffe")
    experiment = chosen(args)
    if experiment.measures_time and args.epochs == 1:
        raise Refusal("--epochs 1: the first epoch of a run is not measured")
    args.jobs = jobs(args, experiment)
    experiment = prepared(experiment, args, DataFolder(
        absolute(args.data_root), output / "data", program.parent))
    output.mkdir(parents=True, exist_ok=True)
    before, runs = runs_of(experiment, args.seeds, output / "runs")
    settings = settings_of(experiment, args)

    report = Report(experiment, runs, settings, output)
    failed = []
    if not args.report_only:
        command = [program, "train"] + (["--gpu", args.gpu] if args.gpu else [])
        runner = Runner(command, environment(args), ROOT, args.jobs, report.update)
        failed = runner.run(before) or runner.run(runs)
    print("\n".join(table(report.update(final=True),
                          "seconds" if experiment.measures_time else "last")))
    print(f"\nwrote {output}/report.md, results.json, curves.png; "
          f"{duration(sum(run.seconds for run in before + runs))} of training")
    for run, reason in failed:
        print(f"reproduce: {run.name} failed: {reason} ({run.folder}/run.log)", file=sys.stderr)
    return 1 if failed else 0


class Report:
    """Written anew whenever a run has ended; drawing takes longer, and waits for a while."""

    def __init__(self, experiment, runs, settings, output):
        self._experiment, self._runs, self._settings = experiment, runs, settings
        self._output = output
        self._drawn = time.monotonic()

    def update(self, final=False):
        """Returns the cells' results."""
        cells = write_report(self._experiment, self._runs, self._settings, self._output)
        if final or time.monotonic() - self._drawn > DRAW_SECONDS:
            draw(cells, self._experiment.title, self._experiment.axis, self._output / "curves.png")
            self._drawn = time.monotonic()
        return cells


def chosen(args):
    """The experiment as the paper has it, or its small form, with the cells that are wanted."""
    experiment = EXPERIMENTS[args.experiment](Choice(args.net, args.data, args.reading))
    if args.cells is not None:
        known = {cell.name: cell for cell in experiment.cells}
        for name in args.cells:
            if name not in known:
                raise Refusal(f"there is no cell '{name}'; there are {', '.join(known)}")
        experiment = replace(experiment, cells=[cell for cell in experiment.cells
                                                if cell.name in args.cells])
    if args.small:
        for name, value in DEFAULTS.items():
            if getattr(args, name) is None:
                setattr(args, name, value)
        experiment = small(experiment, weights=not (args.weights or args.from_scratch))
    args.seeds = args.seeds or 3
    return replace(experiment, cells=[with_weights(cell, args) for cell in experiment.cells])


def jobs(args, experiment):
    if experiment.measures_time and (args.jobs or 1) > 1:
        raise Refusal("--jobs: runs whose time is measured must be alone")
    several = args.small and not args.gpu and not experiment.measures_time
    return args.jobs or (cores() if several else 1)


def with_weights(cell, args):
    if cell.weights or not cell.entry.recipe.pretrained or args.from_scratch:
        return cell
    for key in (cell.folder, cell.entry.net, ""):
        if key in args.weights:
            path = absolute(args.weights[key])
            if not path.exists():
                raise Refusal(f"--weights: there is no {path}")
            return replace(cell, weights=str(path))
    raise Refusal(f"{cell.folder} is fine-tuned: give the weights to start from, --weights "
                  f"{cell.entry.net}=FILE (or {cell.folder}=FILE), or --from-scratch")


def prepared(experiment, args, folder):
    """With the user's changes, on the data that there are."""
    changes = Changes(args.epochs, args.lr, args.batch, args.width)
    # A pretraining keeps its own length.
    first = replace(changes, epochs=None)

    def prepare(cell):
        cell = (first if cell in experiment.pretraining else changes).of(cell)
        data = cell.entry.data
        made_up = args.small and (data.source == "imagenet" or not folder.has(data))
        find = folder.generate if made_up else folder.of
        return on_data(cell, find(data, args.images, args.test_images))

    experiment = experiment.map(prepare)
    missing = sorted({cell.entry.data.name for cell in experiment.cells
                      if cell.entry.data.source.startswith("generated_")})
    if missing:
        experiment.notes.insert(0, f"**Generated images** in place of {', '.join(missing)}.")
    return experiment


def runs_of(experiment, seeds, folder):
    """Those that others start from, and the others."""
    before = [Run(cell, 1, folder / cell.name) for cell in experiment.pretraining]
    trained = {run.cell.name: run.final_weights for run in before}
    # Seeds outermost: an interrupted grid has about as many runs of each cell.
    runs = [Run(cell, seed, folder / cell.name / f"seed{seed}",
                trained.get(cell.weights, cell.weights or None), experiment.measures_time)
            for seed in range(1, seeds + 1) for cell in experiment.cells]
    return before, runs


def environment(args):
    # A waiting OpenMP thread that spins takes time from the threads that load data.
    result = {"OMP_WAIT_POLICY": "passive"}
    if args.threads:
        result["OMP_NUM_THREADS"] = str(args.threads)
    return result


def settings_of(experiment, args):
    cells = experiment.cells
    recipes = [cell.entry.recipe for cell in cells]
    narrow = "" if args.width in (None, 1) else f", channels times {args.width:g}"
    weights = common(cell.weights or "random weights" for cell in cells)
    return {
        "nets": common(cell.entry.title for cell in cells) + narrow,
        "data": common(f"{cell.entry.data.name}, {cell.entry.data.train_images:,} training and "
                       f"{cell.entry.data.test_images:,} test images" for cell in cells),
        "start": weights,
        "epochs": common(recipe.epochs for recipe in recipes),
        "batch": common(recipe.batch * recipe.iter_size for recipe in recipes),
        "learning rate": common(f"{recipe.base_lr:g}" for recipe in recipes),
        "weight decay": common(f"{recipe.weight_decay:g}" for recipe in recipes),
        "machine": machine(args.gpu, args.threads),
        "runs at the same time": args.jobs,
        "command": "scripts/reproduce " + " ".join(sys.argv[1:]),
    }


def common(values):
    return "; ".join(dict.fromkeys(map(str, values)))
