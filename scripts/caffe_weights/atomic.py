"""A file that appears under its name only when it is complete."""
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from .errors import WeightsError


@contextmanager
def new_file(path):
    """An open binary file, which takes the name `path` unless an error leaves this block. A pipe or
    a device is written to, and stays what it is."""
    path = Path(path)
    part = None
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with open(path, "wb") as file:
                yield file
            return
        handle, part = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(part, 0o666 & ~umask)
        os.replace(part, path)
        part = None
    except OSError as error:
        raise WeightsError(f"cannot write '{path}': {error.strerror or error}") from None
    finally:
        if part is not None:
            os.unlink(part)
