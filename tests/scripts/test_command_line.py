"""Every program under scripts/ and benchmarks/: --help without NumPy, missing packages, a closed
pipe, a full disk, and paths that are those of the caller's folder."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
LOG = "I0101 00:00:00.0 1 solver.cpp:1] Iteration 0, loss = 2.5\n" \
      "I0101 00:00:00.0 1 solver.cpp:1] Iteration 10, loss = 1.5\n"
# Python finds a module of this kind first, and then says that there is none.
BLOCKER = "raise ModuleNotFoundError(f'No module named {__name__!r}', name=__name__)\n"
BLOCKED = ("numpy", "matplotlib", "PIL", "cv2", "torch")


def programs():
    """Executables that have a shebang, by path."""
    found = [path for folder in (SCRIPTS, ROOT / "benchmarks") for path in sorted(folder.iterdir())
             if path.is_file() and os.access(path, os.X_OK)]
    return {path: path.read_bytes().split(b"\n")[0].decode() for path in found
            if path.read_bytes()[:2] == b"#!"}


class CommandLine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = pathlib.Path(folder.name)
        self.bare = self.work / "bare"
        self.bare.mkdir()
        for name in BLOCKED:
            (self.bare / f"{name}.py").write_text(BLOCKER)

    def call(self, program, *arguments, bare=False, **options):
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        if bare:
            environment["PYTHONPATH"] = str(self.bare)
        python = "python" in program.read_text().split("\n")[0]
        return subprocess.run(([sys.executable] if python else []) + [program, *map(str, arguments)],
                              env=environment, text=True, stderr=subprocess.PIPE,
                              **{"cwd": self.work, "stdout": subprocess.PIPE, **options})

    def expect_line(self, done, *parts):
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, r"\A[^\n]+\n\Z")
        for part in parts:
            self.assertIn(part, done.stderr)

    def test_help_needs_no_packages(self):
        self.assertGreater(len(programs()), 12)
        for program in programs():
            with self.subTest(program.name):
                done = self.call(program, "--help", bare=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertGreater(len(done.stdout), 20)

    def test_missing_packages_are_named(self):
        (self.work / "log").write_text(LOG)
        done = self.call(SCRIPTS / "plot_training", "log", bare=True)
        self.expect_line(done, "python3-matplotlib")
        for name in ("import_weights", "export_weights"):
            done = self.call(SCRIPTS / name, "x", "--net", "y", "--out", "z", bare=True)
            self.expect_line(done, "python3-numpy")

    def test_a_closed_pipe_or_full_disk_is_one_line(self):
        python = [path for path, shebang in programs().items()
                  if "python" in shebang and path.parent == SCRIPTS]
        self.assertGreaterEqual(len(python), 6)
        for program in python:
            with self.subTest(program.name):
                with open("/dev/full", "w") as full:
                    self.expect_line(self.call(program, "--help", stdout=full), program.stem,
                                     "No space left on device")
                reader, writer = os.pipe()
                os.close(reader)
                try:
                    self.expect_line(self.call(program, "--help", stdout=writer), program.stem,
                                     "closed")
                finally:
                    os.close(writer)

    def test_files_on_a_full_disk(self):
        (self.work / "log").write_text(LOG)
        try:
            import matplotlib  # noqa: F401
            self.expect_line(self.call(SCRIPTS / "plot_training", "log", "-o", "/dev/full"),
                             "/dev/full", "No space left on device")
        except ImportError:
            pass
        models = self.work / "models"
        (models / "alexnet").mkdir(parents=True)
        (models / "README.md").symlink_to("/dev/full")
        self.expect_line(self.call(SCRIPTS / "generate_models.py", "--output", models),
                         "No space left on device")

    def test_devices_stay_devices(self):
        from_package = ("import sys; sys.path.insert(0, sys.argv[1]); "
                        "from caffe_weights.atomic import new_file\n"
                        "with new_file(sys.argv[2]) as file: file.write(b'x')")
        pipe = self.work / "pipe"
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        subprocess.run([sys.executable, "-c", from_package, SCRIPTS, pipe], check=True)
        self.assertTrue(pipe.is_fifo())
        self.assertEqual(os.read(reader, 9), b"x")

    def test_bundle_takes_paths_from_the_callers_folder(self):
        build = self.work / "elsewhere" / "build"
        (build / "bin").mkdir(parents=True)
        for name in ("caffe", "other"):
            (build / "bin" / name).write_bytes(pathlib.Path("/bin/ls").read_bytes())
            (build / "bin" / name).chmod(0o755)
        (self.work / "extra.txt").write_text("more")
        elsewhere = ("--build", "elsewhere/build")
        self.expect_line(self.call(SCRIPTS / "bundle", "--build", "gone"), "gone")
        if not any((pathlib.Path(p) / "patchelf").exists() for p in os.environ["PATH"].split(":")):
            self.skipTest("patchelf is missing")
        self.expect_line(self.call(SCRIPTS / "bundle", *elsewhere, "--out", "gone/x"), "gone")
        self.expect_line(self.call(SCRIPTS / "bundle", *elsewhere, "--with", "gone"), "gone")
        done = self.call(SCRIPTS / "bundle", *elsewhere, "--out", "out.tar.xz", "--with",
                         "extra.txt")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        names = subprocess.run(["tar", "-tf", self.work / "out.tar.xz"], capture_output=True,
                               text=True, check=True).stdout.split()
        for name in ("caffe/bin/other", "caffe/extra.txt", "caffe/LICENSE"):
            self.assertIn(name, names)
        libraries = [name for name in names if name.startswith("caffe/lib/lib")]
        licenses = [name for name in names if name.startswith("caffe/licenses/lib")]
        self.assertGreater(len(libraries), 0)
        self.assertGreater(len(licenses), 0)
        self.assertIn("Compressing", done.stdout)

    def test_outputs_go_to_the_callers_folder(self):
        (self.work / "models").mkdir()
        done = self.call(SCRIPTS / "generate_models.py", "--output", "models")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue((self.work / "models" / "lenet").is_dir())
        done = self.call(SCRIPTS / "make_small_mnist.py", "gone", "out")
        self.assertEqual(done.returncode, 1)
        self.assertIn("in gone", done.stderr)


if __name__ == "__main__":
    unittest.main()
