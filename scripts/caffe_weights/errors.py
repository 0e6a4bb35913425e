"""What ends a command with one line."""


class WeightsError(Exception):
    """What cannot be read, fitted or written; the text says which file, what was found and what was
    expected."""
