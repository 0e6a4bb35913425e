"""The options of scripts/reproduce."""
import argparse
import math
import pathlib


def parser(description, experiments):
    result = argparse.ArgumentParser(
        prog="scripts/reproduce", formatter_class=argparse.RawDescriptionHelpFormatter,
        description=description)
    result.add_argument("experiment", metavar="TABLE", choices=sorted(experiments),
                        help=", ".join(sorted(experiments)))
    add_what(result.add_argument_group("what to train"))
    add_recipe(result.add_argument_group("changes of the recipe"))
    add_where(result.add_argument_group("where"))
    return result


def add_what(group):
    group.add_argument("--net", type=names, metavar="A,B", help="only these nets")
    group.add_argument("--data", type=names, metavar="A,B", help="only these data sets")
    group.add_argument("--cells", type=names, metavar="A,B",
                       help="only these cells; a wrong name lists them")
    group.add_argument("--reading", type=readings, default=("PAPER",), metavar="A,B",
                       help="PAPER, REFERENCE (the authors' code: its method, baseline, decay), or "
                       "both (PAPER)")
    group.add_argument("--seeds", type=count, metavar="N",
                       help="trainings of each cell, with random seeds 1 to N (3; small: 2)")
    group.add_argument("--small", action="store_true",
                       help="narrow nets, few images, few epochs: minutes on a CPU")


def add_recipe(group):
    group.add_argument("--epochs", type=count, metavar="N",
                       help="length of a run; decays, warm-up and drop rates follow")
    group.add_argument("--lr", type=positive, metavar="X", help="learning rate at the start")
    group.add_argument("--batch", type=count, metavar="N", help="images in a batch")
    group.add_argument("--width", type=positive, metavar="F",
                       help="factor on the channels of every layer")
    group.add_argument("--images", type=count, metavar="N",
                       help="train on the first N images only")
    group.add_argument("--test-images", type=count, metavar="N",
                       help="test on the first N images only")
    group.add_argument("--weights", type=weights, action=AddWeights, default={},
                       metavar="[NET=]FILE", help="weights that fine-tuning starts from (tables 1 "
                       "and 2); may be repeated; NET is a net or NET/DATA")
    group.add_argument("--from-scratch", action="store_true",
                       help="let fine-tuning start from random weights")


def add_where(group):
    group.add_argument("--caffe", type=pathlib.Path, metavar="FILE",
                       help="the program (the checkout's build/cpu/bin/caffe; with --gpu "
                       "build/cuda/bin/caffe)")
    group.add_argument("--gpu", metavar="ID", help="train on this GPU")
    group.add_argument("--threads", type=count, metavar="N",
                       help="OpenMP threads of a run (one for each core)")
    group.add_argument("--jobs", type=count, metavar="N",
                       help="runs at the same time (1; small: one for each core)")
    group.add_argument("--data-root", type=pathlib.Path, default=pathlib.Path("data"),
                       metavar="DIR", help="folder of the data sets' folders (data)")
    group.add_argument("--output", type=pathlib.Path, metavar="DIR",
                       help="(output/reproduce/TABLE, or TABLE_small)")
    group.add_argument("--report-only", action="store_true",
                       help="write the report of what there is, and train nothing")


class AddWeights(argparse.Action):
    def __call__(self, parser, namespace, value, option_string=None):
        setattr(namespace, self.dest, {**getattr(namespace, self.dest), **value})


def weights(text):
    net, _, path = text.rpartition("=")
    return {net: pathlib.Path(path)}


def names(text):
    return [name for name in text.split(",") if name]


def readings(text):
    found = tuple(names(text))
    for name in found:
        if name not in ("PAPER", "REFERENCE"):
            raise argparse.ArgumentTypeError(f"there is no reading '{name}': PAPER, REFERENCE")
    return found


def count(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number above 0")
    return int(text)


def positive(text):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is no number above 0")
    return value


def absolute(path):
    """Relative paths are those of the folder in which the command runs; caffe may run elsewhere."""
    return path if path.is_absolute() else pathlib.Path.cwd() / path
