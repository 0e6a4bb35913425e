"""How the Python programs under scripts/ end: with one line and exit code 1 where a package, the disk
or the reader of their output is missing."""
import os
import sys

DEBIAN_PACKAGES = {"numpy": "python3-numpy", "matplotlib": "python3-matplotlib",
                   "PIL": "python3-pil", "cv2": "python3-opencv"}


def missing_package(error):
    """What to do about a ModuleNotFoundError, or None if the module is not one of Debian's."""
    module = (error.name or "").partition(".")[0]
    if module not in DEBIAN_PACKAGES:
        return None
    package = DEBIAN_PACKAGES[module]
    return (f"{sys.executable} has no {module}. Install the Debian package {package} "
            f"(apt-get install {package}) and run the command with /usr/bin/python3, or install "
            f"{module} for this Python")


class _Output:
    """Remembers that a write failed: argparse ignores that of its help."""

    def __init__(self, stream):
        self._stream, self.error = stream, None

    def write(self, text):
        try:
            return self._stream.write(text)
        except OSError as error:
            self.error = error
            raise

    def flush(self):
        if self.error is not None:
            raise self.error
        self._stream.flush()

    def __getattr__(self, name):
        return getattr(self._stream, name)


def run(program, main, *arguments):
    """Ends the process with the result of main(*arguments)."""
    sys.stdout = _Output(sys.stdout)
    try:
        try:
            code = main(*arguments)
        except SystemExit as end:   # of argparse, after --help
            if isinstance(end.code, str):
                raise
            code = end.code
        sys.stdout.flush()
        sys.exit(code)
    except ModuleNotFoundError as error:
        text = missing_package(error)
        if text is None:
            raise
    except BrokenPipeError:
        text = "the reader of the output closed it before the end"
    except OSError as error:
        what = f"{error.filename}: " if error.filename else "cannot write the output: "
        text = f"{what}{error.strerror or error}"
    _fail(program, text)


def _fail(program, text):
    try:
        print(f"{program}: error: {text}", file=sys.stderr, flush=True)
    except OSError:
        pass
    # Python would try once more to write what is left in the buffers.
    os._exit(1)
