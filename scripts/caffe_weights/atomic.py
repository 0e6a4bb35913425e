"""A file that appears under its name only when it is complete."""
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from .tensor import WeightsError


@contextmanager
def new_file(path):
    """An open binary file, which takes the name `path` unless an error leaves this block."""
    path = Path(path)
    part = None
    try:
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
