#!/usr/bin/env python3
"""Runs the commands of README.md and docs/ in page order, in a scratch copy of the project.

usage: docs_commands_test.py BIN_FOLDER [unittest option...]

Blocks whose fence gives a reason (see doc_commands.py) are not run, but like all others their
programs, their flags and the files of the project that they name must exist.
"""
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import doc_commands

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = None  # the folder of the built programs
PAGES = ["README.md", "CONTRIBUTING.md", "benchmarks/README.md", *sorted(
    str(path.relative_to(SOURCE)) for path in (SOURCE / "docs").rglob("*.md"))]
COPIED = ["README.md", "CMakePresets.json", "models", "datasets", "docs", "proto", "scripts", "benchmarks"]
# What a page assumes that the reader has; see the functions below.
FIXTURES = {"docs/data.md": "photos"}
# Trainings of LeNet are this much shorter here: iterations of the models' solvers (their end, and the
# drops of the learning rate) and what replaces them, in the scratch copy and in the commands.
SHORTER = {"1580": "60", "474": "15", "948": "30", "1264": "45"}
# Programs that come from elsewhere; their flags are not checked.
ELSEWHERE = """apt apt-get cd cmake cp cpack ctest dpkg echo export for do done git ls mkdir nvidia-smi pip
python3 rm sed source sudo tensorboard torch-cpu/bin/pip cat head if then fi test""".split()
# Made by commands, and so not in the project.
MADE = re.compile(r"\.(caffemodel|solverstate)(\.h5)?$|[*$]")
TIMEOUT_S = 120


def shortened(text):
    return re.sub(r"(?<=[ _])(" + "|".join(SHORTER) + r")\b", lambda m: SHORTER[m.group(1)], text)


def environment():
    """The caller's, with the built programs and this Python first on the path."""
    return dict(os.environ, OMP_WAIT_POLICY="passive", MPLBACKEND="Agg",
                PATH=f"{BIN}:{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}")


def photos(folder):
    """A folder of small images for each of two classes."""
    from PIL import Image
    for part, number in (("train", 6), ("val", 2)):
        for label, colour in (("cat", (200, 120, 40)), ("dog", (40, 90, 160))):
            path = folder / "photos" / part / label
            path.mkdir(parents=True)
            for index in range(1, number + 1):
                Image.new("RGB", (300 + 8 * index, 280), tuple(c + index for c in colour)).save(
                    path / f"{index}.jpg")


@functools.lru_cache(None)
def help_of(program, word):
    """What the program prints for --help, with its first word (a subcommand) where it has one."""
    result = subprocess.run([program, *([word] if word else []), "--help"], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=60, env=environment())
    return result.stdout


def resolve(name):
    """The path of a program of the project, or None."""
    for path in (BIN / name, SOURCE / name):
        if path.is_file() and os.access(path, os.X_OK):
            return path
    return None


class DocsCommands(unittest.TestCase):
    def pages(self):
        for page in PAGES:
            text = (SOURCE / page).read_text(encoding="utf-8")
            yield page, text, doc_commands.blocks_of(page, text)

    def test_programs_flags_and_files_exist(self):
        for _, _, blocks in self.pages():
            for block in blocks:
                for words in block.commands():
                    with self.subTest(block=str(block), command=" ".join(words)):
                        self.check(words)

    def check(self, words):
        name = words[0]
        if name in ELSEWHERE:
            return
        program = resolve(name)
        self.assertIsNotNone(program, f"there is no program '{name}'")
        subcommand = words[1] if name.endswith("caffe") and len(words) > 1 else ""
        text = help_of(str(program), subcommand if not subcommand.startswith("-") else "")
        known = set(re.findall(r"(?<![\w-])--?([A-Za-z][\w-]*)", text))
        for word in words[1:]:
            flag = re.match(r"--?([A-Za-z][\w-]*)", word)
            if flag:
                flag = flag.group(1)
                self.assertTrue(flag in known or flag.removeprefix("no") in known or
                                flag in ("help", "version"),
                                f"'{name} --help' does not name --{flag}")
            top = word.split("/")[0]
            if "/" in word and top in COPIED and not MADE.search(word):
                self.assertTrue((SOURCE / word).exists(), f"the project has no {word}")

    def test_commands_outside_of_fences(self):
        """A command that is merely indented would escape the other tests."""
        programs = {path.name for path in BIN.iterdir()} | {
            f"scripts/{path.name}" for path in (SOURCE / "scripts").iterdir()}
        for page, text, _ in self.pages():
            for number, line in doc_commands.indented_lines(text):
                first = (line.split() or [""])[0]
                with self.subTest(line=f"{page}:{number}"):
                    self.assertFalse(first in programs or first.startswith("build/"),
                                     f"put '{line}' into a block fenced as ```sh")

    def test_programs_are_on_the_path(self):
        """One convention for all pages: programs are named without build/<preset>/bin."""
        for page, _, blocks in self.pages():
            for block in blocks:
                for words in block.commands():
                    with self.subTest(block=str(block)):
                        self.assertIsNone(re.match(r"build/\w+/bin/", words[0]), words[0])

    def test_commands_run(self):
        skipped, ran, start = [], 0, time.time()
        for page, _, blocks in self.pages():
            with tempfile.TemporaryDirectory(prefix="caffe_docs_") as folder:
                scratch = pathlib.Path(folder)
                if any(not block.reasons for block in blocks):
                    self.prepare(scratch, page)
                for block in blocks:
                    if block.reasons:
                        skipped.append(f"{block}: {', '.join(block.reasons)}")
                        continue
                    with self.subTest(block=str(block)):
                        self.run_block(scratch, block)
                        ran += 1
        print(f"{ran} blocks ran in {time.time() - start:.0f} s; not run:", file=sys.stderr)
        print(*("  " + line for line in skipped), sep="\n", file=sys.stderr)
        self.assertGreater(ran, 0)

    def prepare(self, scratch, page):
        for name in COPIED:
            source = SOURCE / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, scratch / name)
        for solver in (scratch / "models/lenet/mnist_small").glob("solver*.prototxt"):
            solver.write_text(shortened(solver.read_text()))
        (scratch / "build").mkdir()
        (scratch / "build/cpu").symlink_to(BIN.parent)
        (scratch / "data").mkdir()
        if page in FIXTURES:
            globals()[FIXTURES[page]](scratch)

    def run_block(self, scratch, block):
        result = subprocess.run(["bash", "-euo", "pipefail", "-c", shortened(block.text)], cwd=scratch,
                                env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, errors="replace", timeout=TIMEOUT_S)
        self.assertEqual(result.returncode, 0, f"{block}\n{block.text}\n{result.stdout[-3000:]}")


class Reading(unittest.TestCase):
    def test_words_of_commands(self):
        text = "```sh gpu\nA=1 caffe train \\\n  --solver x 2> log | sed s/a/b/  # why\n```\n"
        (block,) = doc_commands.blocks_of("page", text)
        self.assertEqual(block.reasons, ["gpu"])
        self.assertEqual(list(block.commands()), [["caffe", "train", "--solver", "x"], ["sed", "s/a/b/"]])

    def test_unknown_reasons_and_open_fences(self):
        for text in ("```sh soon\n```\n", "```sh\ncaffe\n"):
            with self.assertRaises(ValueError):
                doc_commands.blocks_of("page", text)


if __name__ == "__main__":
    if len(sys.argv) < 2 or not pathlib.Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    BIN = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=1)
