#!/usr/bin/env python3
"""Writes the nets and solvers under models/ and their table, or checks that these are current.

Every net is a function in scripts/caffe_models/, every net on a data set a line of
catalogue.py there.
"""
import argparse
import pathlib
import sys

from caffe_models.catalogue import all_files
from command_line import run

MODELS = pathlib.Path(__file__).resolve().parent.parent / "models"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true",
                        help="write nothing; exit with 1 and name the files that differ")
    parser.add_argument("--output", type=pathlib.Path, default=MODELS, metavar="DIR",
                        help="write or check here instead of models/")
    args = parser.parse_args()
    files = all_files()
    if args.check:
        return check(args.output, files)
    for path, text in files.items():
        (args.output / path).parent.mkdir(parents=True, exist_ok=True)
        (args.output / path).write_text(text)
    print(f"wrote {len(files)} files below {args.output}")
    return 0


def check(folder, files):
    found = {str(path.relative_to(folder)): path.read_text()
             for pattern in ("*.prototxt", "*.md") for path in sorted(folder.rglob(pattern))}
    problems = [f"{folder / path}: {problem}" for problem, paths in {
        "missing": files.keys() - found.keys(),
        "not written by the generator": found.keys() - files.keys(),
        "differs from what the generator writes":
            {path for path in files.keys() & found.keys() if files[path] != found[path]},
    }.items() for path in sorted(paths)]
    if problems:
        print("\n".join(problems), file=sys.stderr)
        print("Run scripts/generate_models.py and commit the result.", file=sys.stderr)
        return 1
    print(f"{len(files)} generated model files are current")
    return 0


if __name__ == "__main__":
    run("generate_models", main)
