#!/usr/bin/env python3
"""Makes the small MNIST set in datasets/mnist_small from the four official files.

    scripts/make_small_mnist.py IN_DIR [OUT_DIR]

Takes every 12th of the 60000 training digits and every 10th of the 10000 test digits. Needs
nothing but Python. The same input gives the same bytes.
"""
import argparse
import gzip
import pathlib
import struct
import sys

from command_line import run

DATASETS = pathlib.Path(__file__).resolve().parent.parent / "datasets"


def read(in_dir, name):
    for path in (in_dir / (name + ".gz"), in_dir / name):
        if path.exists():
            opener = gzip.open if path.suffix == ".gz" else open
            with opener(path, "rb") as file:
                return file.read()
    sys.exit(f"There is no {name} or {name}.gz in {in_dir}.")


def write(out_dir, name, content):
    # No time and no name inside, so that the bytes depend on the content only.
    with open(out_dir / (name + ".gz"), "wb") as raw:
        with gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as file:
            file.write(content)


def thin(content, magic, axes, step):
    head = struct.unpack(f">{axes + 1}I", content[: 4 * (axes + 1)])
    if head[0] != magic:
        sys.exit(f"Wrong magic number {head[0]}, expected {magic}.")
    item = 1
    for size in head[2:]:
        item *= size
    items = content[4 * (axes + 1) :]
    kept = [items[i * item : (i + 1) * item] for i in range(0, head[1], step)]
    return struct.pack(f">{axes + 1}I", magic, len(kept), *head[2:]) + b"".join(kept)


def make(in_dir, out_dir):
    out_dir.mkdir(parents=True, exist_ok=True)
    for part, step in (("train", 12), ("t10k", 10)):
        for name, magic, axes in (
            (f"{part}-images-idx3-ubyte", 2051, 3),
            (f"{part}-labels-idx1-ubyte", 2049, 1),
        ):
            write(out_dir, name, thin(read(in_dir, name), magic, axes, step))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("in_dir", type=pathlib.Path, metavar="IN_DIR",
                        help="folder of the four official files, packed by gzip or not")
    parser.add_argument("out_dir", type=pathlib.Path, metavar="OUT_DIR", nargs="?",
                        default=DATASETS / "mnist_small",
                        help="(datasets/mnist_small in the checkout)")
    args = parser.parse_args()
    make(args.in_dir, args.out_dir)
    return 0


if __name__ == "__main__":
    run("make_small_mnist", main)
