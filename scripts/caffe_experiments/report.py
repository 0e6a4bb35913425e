"""The table of an experiment: results.json for programs, report.md for people."""
import json

from .progress import duration
from .results import results_of
from .run import write_whole

ACCURACY = ("Test accuracy in percent, mean ± deviation over the seeds. *Last* is that of the last "
            "epoch, *best* that of the run's best test, which flatters since the test images "
            "choose it.")
SECONDS = "Seconds an epoch, tests and snapshots left out, mean ± deviation over the runs."
DIFFERENCE = ("The difference is that of *{}* to the baseline (or the row that is named), seed by "
              "seed, ± its standard error.")
MASKED = ("*Masked* is the mean share of the channels of eligible layers that an iteration left "
          "out.")


def write_report(experiment, runs, settings, folder):
    """`settings` is a dict of what the runs have in common. Returns the cells' results."""
    cells = results_of(experiment, runs)
    seconds = round(sum(run.seconds for run in runs))
    write_whole(folder / "results.json", json.dumps(
        {"experiment": experiment.name, "title": experiment.title, "settings": settings,
         "notes": experiment.notes, "unit": "seconds" if experiment.measures_time else "percent",
         "seconds": seconds, "cells": cells}, indent=1) + "\n")
    write_whole(folder / "report.md", markdown(experiment, cells, settings, seconds))
    return cells


def markdown(experiment, cells, settings, seconds):
    first = "seconds" if experiment.measures_time else "last"
    legend = [SECONDS if experiment.measures_time else ACCURACY]
    if any(cell["control"] for cell in cells):
        legend.append(DIFFERENCE.format(first))
    if any(cell["masked_share"] for cell in cells):
        legend.append(MASKED)
    lines = [f"# {experiment.title}", ""]
    lines += [f"- {name}: {value}" for name, value in settings.items()]
    lines += [f"- time of all runs: {duration(seconds)}", "", *table(cells, first), "",
              " ".join(legend), ""]
    for note in experiment.notes:
        lines += [note, ""]
    lines += ["![Curves](curves.png)", ""]
    return "\n".join(lines)


def table(cells, first="last"):
    """Columns that no row fills are left out."""
    controls = {(cell["group"], cell["control"]) for cell in cells if cell["control"]}
    several = len(controls) > len({group for group, _ in controls})
    titles = {cell["name"]: cell["title"] for cell in cells if several}
    columns = [
        (" ", "---", [cell["title"] for cell in cells]),
        ("runs", "---:", [seeds(cell) for cell in cells]),
        (first, "---:", [value(cell["last"]) for cell in cells]),
        ("best", "---:", [value(cell["best"]) for cell in cells]),
        ("paper", "---:", [paper(cell, 1 if first == "seconds" else 2) for cell in cells]),
        ("difference", "---:", [difference(cell, titles) for cell in cells]),
        ("masked", "---:", [masked(cell) for cell in cells]),
    ]
    columns = [column for column in columns if any(column[2])]
    rows = [[column[0] for column in columns], [column[1] for column in columns],
            *zip(*(column[2] for column in columns))]
    return [f"| {' | '.join(row)} |" for row in rows]


def seeds(cell):
    wanted = cell["seeds_wanted"]
    return f"{cell['seeds']}" if cell["seeds"] == wanted else f"{cell['seeds']} of {wanted}"


def value(figure, error="deviation", sign=""):
    if figure is None:
        return ""
    text = f"{figure['mean']:{sign}.2f}"
    return text if figure[error] is None else f"{text} ± {figure[error]:.2f}"


def paper(cell, digits):
    return "" if cell["paper"] is None else f"{cell['paper']:.{digits}f}"


def difference(cell, titles):
    """`titles` are those of the controls, where there are several to choose from."""
    figure = cell.get("difference")
    if not figure:
        return ""
    name = titles.get(cell["control"])
    return value(figure, "error", "+") + (f" to {name}" if name else "")


def masked(cell):
    share = cell["masked_share"]
    return f"{100 * share['mean']:.2f} %" if share else ""
