"""Reads what a training has written so far: the file of `caffe train --log_csv`, and its log."""
import csv
import re
from dataclasses import dataclass, field

SPEED = re.compile(r"Iteration (\d+) \([-+.\deE]+ iter/s, ([-+.\deE]+)s/(\d+) iters\)")


@dataclass
class RunLog:
    """Curves of (iteration, value)."""
    accuracy: list = field(default_factory=list)   # of the test images, in percent
    loss: list = field(default_factory=list)       # of training, smoothed
    masked: list = field(default_factory=list)     # share of channels
    iteration: int = 0                             # of the last row


def read_run_log(path):
    """An absent file is an empty one; a row that is being written does not count."""
    log = RunLog()
    try:
        text = path.read_text()
    except FileNotFoundError:
        return log
    complete = text[:text.rfind("\n") + 1]
    for row in csv.DictReader(complete.splitlines()):
        log.iteration = int(row["iteration"])
        for curve, cell, factor in ((log.accuracy, "test_accuracy", 100), (log.loss, "loss", 1),
                                    (log.masked, "masked_share", 1)):
            if row.get(cell):
                curve.append((log.iteration, factor * float(row[cell])))
    return log


def seconds_an_iteration(lines, after):
    """From the lines of displayed iterations behind iteration `after`, which tell how long the
    iterations since the last one took; None without such a line."""
    seconds = iterations = 0
    for line in lines:
        match = SPEED.search(line)
        if match and int(match.group(1)) - int(match.group(3)) >= after:
            seconds += float(match.group(2))
            iterations += int(match.group(3))
    return seconds / iterations if iterations else None
