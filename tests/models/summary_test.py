#!/usr/bin/env python3
"""`caffe summary` of every net under models/ has the parameters and multiply-adds of the table in
models/README.md.

    summary_test.py TOOLS_DIR
"""
import re
import subprocess
import sys
from pathlib import Path

MODELS = Path(__file__).resolve().parents[2] / "models"


def number(pattern, text):
    return int(re.search(pattern + r": ([\d,]+)", text)[1].replace(",", ""))


def main():
    caffe = Path(sys.argv[1]) / "caffe"
    rows = [line.split(" | ") for line in (MODELS / "README.md").read_text().splitlines()
            if line.startswith("| `")]
    wrong = 0
    for folder, _, parameters, multiply_adds, *_ in rows:
        folder = folder.strip("| `")
        text = subprocess.run([caffe, "summary", MODELS / folder / "deploy.prototxt"],
                              capture_output=True, text=True, check=True).stdout
        found = (f"{number('parameters', text):,}",
                 f"{number('multiply-adds an image', text) / 1e6:,.1f} M")
        if found != (parameters, multiply_adds):
            wrong += 1
            print(f"{folder}: the table has {parameters}, {multiply_adds}; caffe summary "
                  f"says {found[0]}, {found[1]}")
    print(f"{len(rows) - wrong} of {len(rows)} nets agree")
    sys.exit(1 if wrong or not rows else 0)


if __name__ == "__main__":
    main()
