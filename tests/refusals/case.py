"""What a case of bad input is."""

from pathlib import Path

SMALL_MNIST = Path(__file__).resolve().parents[2] / "datasets" / "mnist_small"


class Case:
    """A command (program, arguments...) in a folder that `prepare` fills, and what its message must
    contain. With a limit, no file can pass so many bytes."""

    def __init__(self, name, parts, prepare, command, limit=None):
        self.name, self.parts, self.prepare = name, parts, prepare
        self.command, self.limit = command, limit
