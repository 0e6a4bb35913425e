"""The command line of scripts/reproduce."""
import argparse
import pathlib
import sys
from dataclasses import replace

from .curves import draw, pyplot
from .data import DataFolder
from .errors import Refusal
from .experiment import Changes, with_display
from .machine import machine
from .progress import duration
from .report import table, write_report
from .run import Run
from .runner import Interrupted, Runner
from .study import study

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPERIMENTS = {"study": study}


def parser(description):
    result = argparse.ArgumentParser(
        prog="scripts/reproduce", formatter_class=argparse.RawDescriptionHelpFormatter,
        description=description)
    result.add_argument("experiment", metavar="TABLE", choices=sorted(EXPERIMENTS),
                        help=", ".join(EXPERIMENTS))
    what = result.add_argument_group("what to train")
    what.add_argument("--cells", type=names, metavar="A,B,...", help="only these cells")
    what.add_argument("--seeds", type=count, default=3, metavar="N",
                      help="trainings of each cell, with random seeds 1 to N (3)")
    recipe = result.add_argument_group("changes of the recipe")
    recipe.add_argument("--epochs", type=count, metavar="N",
                        help="length of a run; decays, warm-up and drop rates follow")
    recipe.add_argument("--lr", type=positive, metavar="X", help="learning rate at the start")
    recipe.add_argument("--batch", type=count, metavar="N", help="images in a batch")
    recipe.add_argument("--width", type=positive, metavar="F",
                        help="factor on the channels of every layer")
    recipe.add_argument("--images", type=count, metavar="N",
                        help="train on the first N images only")
    recipe.add_argument("--test-images", type=count, metavar="N",
                        help="test on the first N images only")
    where = result.add_argument_group("where")
    where.add_argument("--caffe", type=pathlib.Path, metavar="FILE",
                       help="the program (build/cpu/bin/caffe; with --gpu build/cuda/bin/caffe)")
    where.add_argument("--gpu", metavar="ID", help="train on this GPU")
    where.add_argument("--threads", type=count, metavar="N",
                       help="OpenMP threads of a run (one for each core)")
    where.add_argument("--jobs", type=count, default=1, metavar="N",
                       help="runs at the same time (1)")
    where.add_argument("--data-root", type=pathlib.Path, default=pathlib.Path("data"),
                       metavar="DIR", help="folder of the data sets' folders (data)")
    where.add_argument("--output", type=pathlib.Path, metavar="DIR",
                       help="(output/reproduce/TABLE)")
    where.add_argument("--report-only", action="store_true",
                       help="write the report of what there is, and train nothing")
    return result


def names(text):
    return [name for name in text.split(",") if name]


def count(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is below 1")
    return value


def positive(text):
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not above 0")
    return value


def main(arguments, description):
    args = parser(description).parse_args(arguments)
    try:
        return reproduce(args)
    except Refusal as error:
        print(f"reproduce: {error}", file=sys.stderr)
        return 1
    except Interrupted:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return 130


def reproduce(args):
    pyplot()
    output = absolute(args.output or pathlib.Path("output/reproduce") / args.experiment)
    program = absolute(args.caffe or pathlib.Path(f"build/{'cuda' if args.gpu else 'cpu'}/bin/caffe"))
    if not program.exists():
        raise Refusal(f"there is no {program}. Build it (README.md), or name it with --caffe")
    experiment = EXPERIMENTS[args.experiment]()
    experiment = replace(experiment, cells=prepared(chosen(experiment.cells, args.cells), args,
                                                    output, program.parent))
    # Seeds outermost: an interrupted grid has about as many runs of each cell.
    runs = [Run(cell, seed, output / "runs" / cell.name / f"seed{seed}")
            for seed in range(1, args.seeds + 1) for cell in experiment.cells]
    settings = settings_of(experiment, args)

    def report():
        cells = write_report(experiment, runs, settings, output)
        draw(cells, experiment.title, experiment.axis, output / "curves.png")
        return cells

    output.mkdir(parents=True, exist_ok=True)
    failed = []
    if not args.report_only:
        command = [program, "train"] + (["--gpu", args.gpu] if args.gpu else [])
        failed = Runner(command, environment(args), ROOT, args.jobs, report).run(runs)
    print("\n".join(table(report())))
    print(f"\nwrote {output}/report.md, results.json, curves.png; "
          f"{duration(sum(run.seconds for run in runs))} of training")
    for run, reason in failed:
        print(f"reproduce: {run.name} failed: {reason} ({run.folder}/run.log)", file=sys.stderr)
    return 1 if failed else 0


def chosen(cells, wanted):
    if wanted is None:
        return cells
    known = {cell.name: cell for cell in cells}
    for name in wanted:
        if name not in known:
            raise Refusal(f"there is no cell '{name}'; there are {', '.join(known)}")
    return [cell for cell in cells if cell.name in wanted]


def prepared(cells, args, output, tools):
    """The cells with the user's changes, on the data that there are."""
    changes = Changes(args.epochs, args.lr, args.batch, args.width)
    folder = DataFolder(absolute(args.data_root), output / "data", tools)
    result = []
    for cell in map(changes.of, cells):
        data = folder.of(cell.entry.data, args.images, args.test_images)
        result.append(with_display(replace(cell, entry=cell.entry._replace(data=data))))
    return result


def environment(args):
    # A waiting OpenMP thread that spins takes time from the threads that load data.
    result = {"OMP_WAIT_POLICY": "passive"}
    if args.threads:
        result["OMP_NUM_THREADS"] = str(args.threads)
    return result


def settings_of(experiment, args):
    entries = [cell.entry for cell in experiment.cells]
    recipes = [entry.recipe for entry in entries]
    return {
        "nets": common(f"{entry.title}" + (f", channels times {args.width:g}" if args.width else "")
                       for entry in entries),
        "data": common(f"{entry.data.name}, {entry.data.train_images:,} training and "
                       f"{entry.data.test_images:,} test images" for entry in entries),
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


def absolute(path):
    """Relative paths are those of the repository, where caffe runs, unless they are there from
    here."""
    return path if path.is_absolute() else pathlib.Path.cwd() / path
