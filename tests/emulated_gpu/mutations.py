#!/usr/bin/env python3
"""Takes away what orders the GPU's work, one place after the other, and looks which test fails.

    mutations.py BUILD_DIR [--only PATTERN] [--programs NAME,...] [--list]

BUILD_DIR is a build of the preset `emulated`. The places are the barriers of kernels and the calls
that wait for, or record, an event or a stream, as tests reach them. Prints a table in Markdown;
the exit code is 1 if a place can be taken away and no test fails. Long: every place costs a part of
the suite.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
TIMEOUT = 240

# Programs and filters, the short ones that see most first.
TESTS = [
    ("caffe_core_test", "*"),
    ("caffe_data_test", "*"),
    ("math_functions_test", "*"),
    ("caffe_layers_test", "-*Gradient*"),
    ("caffe_compute_layers_test", "*Depthwise*:*InnerProduct*"),
    ("caffe_transformer_layers_test", "-*Gradient*"),
    ("solver_test", "FusedUpdateTest*:ResumeDataTest*:ResumeTest*:SkipGradientsTest*:GpuTraining*"),
]


def run(build, test, variables):
    """Whether a test program passes, and the name of the first case that fails."""
    program, cases = test
    environment = dict(os.environ, OMP_NUM_THREADS="1", CAFFE_TEST_DEVICE="GPU", **variables)
    command = [str(build / "bin" / program), f"--gtest_filter={gpu_cases(build, program, cases)}"]
    try:
        done = subprocess.run(command, cwd=build, env=environment, capture_output=True, text=True,
                              timeout=TIMEOUT)
    except subprocess.TimeoutExpired as late:
        started = re.findall(r"\[ RUN      \] (\S+)", (late.stdout or b"").decode())
        return False, (started or [program])[-1] + " (hangs)"
    if done.returncode == 0:
        return True, ""
    failed = re.findall(r"\[  FAILED  \] (\S+?),? ", done.stdout)
    started = re.findall(r"\[ RUN      \] (\S+)", done.stdout)
    return False, (failed or started or [program])[0 if failed else -1]


def gpu_cases(build, program, cases, known={}):
    """The filter for those of the program's cases that match `cases` and run on a GPU."""
    if (program, cases) not in known:
        listing = subprocess.run([str(build / "bin" / program), "--gtest_list_tests",
                                  f"--gtest_filter={cases}"], capture_output=True, text=True,
                                 check=True).stdout
        names, suite, on_gpu = [], "", False
        for line in listing.splitlines():
            if line.startswith("  "):
                name = line.split()[0]
                if on_gpu or re.search("GPU|Gpu", suite + name):
                    names.append(suite + name)
            elif "." in line:
                suite = line.split()[0]
                on_gpu = "GPUDevice" in line
        known[program, cases] = ":".join(names)
    return known[program, cases]


def find_sites(build, programs):
    """Every place that the tests reach, and the tests that reach it."""
    reached = {}
    for test in TESTS:
        if programs and test[0] not in programs:
            continue
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "sites"
            passed, failed = run(build, test, {"CAFFE_EMULATED_GPU_SITES": str(file)})
            if not passed:
                sys.exit(f"{test[0]} fails with nothing taken away: {failed}")
            for site in (file.read_text().splitlines() if file.exists() else []):
                reached.setdefault(site, []).append(test)
    # Calls of the tests' own are not the product's.
    return {site: tests for site, tests in reached.items()
            if "libcaffe" in site or site.startswith("__syncthreads")}


class Symbols:
    """Names of functions in libcaffe by offset."""

    def __init__(self, library):
        listing = subprocess.run(["nm", "-nC", "--defined-only", str(library)],
                                 capture_output=True, text=True, check=True).stdout
        self.functions = []
        for line in listing.splitlines():
            address, kind, name = line.split(" ", 2)
            if kind in "tTwW":
                self.functions.append((int(address, 16), name))

    def name(self, frame):
        library, offset = frame.rsplit("+", 1)
        if "libcaffe" not in library:
            return library
        offset = int(offset, 16) - 1
        below = [name for address, name in self.functions if address <= offset]
        name = re.sub(r"\(anonymous namespace\)::|caffe::|std::", "", below[-1]) if below else "?"
        while re.search(r"<[^<>]*>|\([^()]*\)", name):
            name = re.sub(r"<[^<>]*>|\([^()]*\)", "", name)
        return re.sub(r" const| \[.*\]", "", name).split(" ")[-1]


def describe(site, symbols):
    call, *frames = site.split(" ")
    if call == "__syncthreads":
        return f"`__syncthreads`, {frames[0]}"
    return f"`{call}` in " + " < ".join(symbols.name(frame) for frame in frames)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("--only", default="", help="places whose description has this in it")
    parser.add_argument("--programs", default="", help="test programs, separated by commas")
    parser.add_argument("--list", action="store_true", help="list the places and stop")
    args = parser.parse_args()
    build = args.build.resolve()
    symbols = Symbols(build / "lib" / "libcaffe.so")
    programs = [name for name in args.programs.split(",") if name]
    sites = {describe(site, symbols): (site, tests)
             for site, tests in find_sites(build, programs).items()}
    print("| taken away | the test that fails |\n| --- | --- |")
    survivors = 0
    for name in sorted(sites):
        site, tests = sites[name]
        if args.only not in name:
            continue
        caught = "" if args.list else "**none**"
        for test in [] if args.list else tests:
            passed, failed = run(build, test, {"CAFFE_EMULATED_GPU_IGNORE": site})
            if not passed:
                caught = f"{test[0]}: {failed}"
                break
        survivors += caught == "**none**"
        print(f"| {name} | {caught} |", flush=True)
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
