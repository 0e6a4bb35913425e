"""Reads what a training has written so far: the file of `caffe train --log_csv`."""
import csv
from dataclasses import dataclass, field


@dataclass
class RunLog:
    """Curves of (iteration, value)."""
    accuracy: list = field(default_factory=list)   # of the test images, in percent
    loss: list = field(default_factory=list)       # of training, smoothed
    masked: list = field(default_factory=list)     # share of channels

    @property
    def iteration(self):
        """Of the last test."""
        return self.accuracy[-1][0] if self.accuracy else 0


def read_run_log(path):
    """An absent file is an empty one; a row that is being written does not count."""
    log = RunLog()
    try:
        text = path.read_text()
    except FileNotFoundError:
        return log
    complete = text[:text.rfind("\n") + 1]
    for row in csv.DictReader(complete.splitlines()):
        iteration = int(row["iteration"])
        for curve, cell, factor in ((log.accuracy, "test_accuracy", 100), (log.loss, "loss", 1),
                                    (log.masked, "masked_share", 1)):
            if row.get(cell):
                curve.append((iteration, factor * float(row[cell])))
    return log
