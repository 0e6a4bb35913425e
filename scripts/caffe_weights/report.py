"""What went where, as text."""
from dataclasses import dataclass, field

from .tensor import shape_text


@dataclass
class Line:
    """A layer, the shape of its first blob, and the tensors that go with it."""
    layer: str
    shape: tuple
    keys: list
    note: str = ""


@dataclass
class Report:
    heading: str
    lines: list = field(default_factory=list)
    fresh: list = field(default_factory=list)      # (layer, why it has no weights)
    unused: list = field(default_factory=list)     # (tensor, why)
    values: int = 0

    def text(self, arrow):
        """`arrow` stands between a layer and its tensors."""
        rows = [(line.layer, shape_text(line.shape), f"{arrow} {joined(line.keys)}", line.note)
                for line in self.lines]
        widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
        text = self.heading + "\n\n"
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths)]
            text += "  ".join([*cells, row[3]]).rstrip() + "\n"
        return text + "\n"


def joined(keys):
    """a.b.weight, a.b.bias -> a.b.{weight, bias}"""
    if len(keys) == 1:
        return keys[0]
    start = keys[0]
    for key in keys[1:]:
        while not key.startswith(start):
            start = start[:-1]
    # Up to the last separator, so that no word is cut.
    start = start[:max(start.rfind(mark) for mark in "./_") + 1]
    return start + "{" + ", ".join(key.removeprefix(start) for key in keys) + "}"


def listed(title, pairs):
    """"title:" and a line for each (name, why), or nothing."""
    return "".join([f"{title}:\n"] + [f"  {name}{f' ({why})' if why else ''}\n"
                                      for name, why in pairs]) if pairs else ""
