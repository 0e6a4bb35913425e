#!/usr/bin/env python3
"""scripts/reproduce with the real programs, on generated images: from end to end, and stopped.

    reproduce_small_test.py TOOLS_DIR

Two cells of Table 6 and a short Table 7, a few seconds. With CAFFE_TEST_FULL=1 the small form of every table, whole.
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TINY = ["table6", "--small", "--cells", "baseline,channel_dropback", "--seeds", "1", "--epochs", "3",
        "--images", "200", "--test-images", "100", "--width", "0.0625", "--jobs", "1"]
TIMING = ["table7", "--small", "--seeds", "1", "--epochs", "2", "--images", "100", "--width",
          "0.0625"]
TABLES = [*(f"table{number}" for number in range(1, 8)), "fig1"]


def command(tools, output, arguments):
    return [sys.executable, ROOT / "scripts" / "reproduce", *arguments, "--caffe", tools / "caffe",
            "--data-root", output / "no_data", "--output", output]


def reproduce(tools, output, arguments):
    done = subprocess.run(command(tools, output, arguments), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return check_files(output, done.stdout)


def check_files(output, printed):
    results = json.loads((output / "results.json").read_text())
    report = (output / "report.md").read_text()
    assert "**Small form.**" in report and "**Generated images**" in report, report
    for cell in results["cells"]:
        assert cell["seeds"] == cell["seeds_wanted"] > 0, cell
        assert cell["title"] in report and cell["title"] in printed, cell
    assert (output / "curves.png").read_bytes().startswith(b"\x89PNG")
    return results


def curves(results):
    return {cell["name"]: [run["accuracy"] for run in cell["runs"]] for cell in results["cells"]}


def check_accuracy(tools, output, results):
    """The last accuracy is that of the weights that are left, by `caffe test`."""
    for cell in results["cells"]:
        run = output / "runs" / cell["name"] / "seed1"
        (weights,) = run.glob("*.caffemodel")
        batches = re.search(r"test_iter: (\d+)", (run / "solver.prototxt").read_text()).group(1)
        done = subprocess.run([tools / "caffe", "test", "--model", run / "train_val.prototxt",
                               "--weights", weights, "--iterations", batches], cwd=ROOT,
                              capture_output=True, text=True)
        found = re.findall(r"\] accuracy = ([-+.\deE]+)", done.stderr)
        assert abs(100 * float(found[-1]) - cell["runs"][0]["last"]) < 1e-3, (found, cell)


def check_interrupted(tools, output, wanted):
    process = subprocess.Popen(command(tools, output, TINY), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    next(line for line in process.stderr if "epoch 1 of 3" in line)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130 and "resumes from here" in errors, errors
    assert curves(reproduce(tools, output, TINY)) == wanted


def main():
    tools = Path(sys.argv[1]).resolve()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "first"
        results = reproduce(tools, first, TINY)
        check_accuracy(tools, first, results)
        check_interrupted(tools, Path(folder) / "second", curves(results))
        for cell in reproduce(tools, Path(folder) / "timing", TIMING)["cells"]:
            # Seconds of 2,000 iterations.
            assert 2 < cell["last"]["mean"] < 20000, cell
        if os.environ.get("CAFFE_TEST_FULL"):
            for table in TABLES:
                reproduce(tools, Path(folder) / table, [table, "--small"])
                print(f"{table}: passed", flush=True)
    print("passed")


if __name__ == "__main__":
    main()
