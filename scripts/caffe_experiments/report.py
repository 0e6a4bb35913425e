"""The table of an experiment: results.json for programs, report.md for people."""
import json

from .progress import duration
from .results import results_of
from .run import write_whole


def write_report(experiment, runs, settings, folder):
    """`settings` is a dict of what the runs have in common. Returns the cells' results."""
    cells = results_of(experiment, runs)
    seconds = round(sum(run.seconds for run in runs))
    write_whole(folder / "results.json", json.dumps(
        {"experiment": experiment.name, "title": experiment.title, "settings": settings,
         "seconds": seconds, "cells": cells}, indent=1) + "\n")
    write_whole(folder / "report.md", markdown(experiment, cells, settings, seconds))
    return cells


def markdown(experiment, cells, settings, seconds):
    lines = [f"# {experiment.title}", ""]
    lines += [f"- {name}: {value}" for name, value in settings.items()]
    lines += [f"- time of all runs: {duration(seconds)}", ""]
    lines += table(cells)
    lines += ["", "Test accuracy in percent, mean ± deviation over the seeds. *Last* is that of the "
              "last epoch, *best* that of the run's best test, which flatters since the test "
              "images choose it."]
    if any(cell["control"] for cell in cells):
        lines[-1] += (" The difference is that of the last epoch to the named cell, seed by seed, ± "
                      "its standard error.")
    if any(cell["masked_share"] is not None for cell in cells):
        lines[-1] += (" *Masked* is the mean share of the channels of eligible layers that an "
                      "iteration left out.")
    lines += [""] + [f"{note}" for note in experiment.notes]
    lines += ["", "![Test accuracy](curves.png)", ""]
    return "\n".join(lines)


def table(cells):
    """Columns that no cell fills are left out."""
    titles = {cell["name"]: cell["title"] for cell in cells}
    columns = [
        ("", "---", [cell["title"] for cell in cells]),
        ("seeds", "---:", [seeds(cell) for cell in cells]),
        ("last", "---:", [value(cell["last"]) for cell in cells]),
        ("best", "---:", [value(cell["best"]) for cell in cells]),
        ("paper", "---:", [f"{cell['paper']:.2f}" if cell["paper"] is not None else ""
                           for cell in cells]),
        ("difference", "---:", [difference(cell, titles) for cell in cells]),
        ("masked", "---:", ["" if cell["masked_share"] is None
                            else f"{100 * cell['masked_share']:.2f} %" for cell in cells]),
    ]
    columns = [column for column in columns if column[0] == "" or any(column[2])]
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


def difference(cell, titles):
    figure = cell.get("difference")
    return f"{value(figure, 'error', '+')} to {titles[cell['control']]}" if figure else ""
