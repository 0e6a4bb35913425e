"""Numbers of an experiment: of each run, of each cell, and against the cell's control."""
import math
import statistics


def run_result(run):
    """None until the run is finished."""
    if not run.finished:
        return None
    log = run.log()
    result = {"seed": run.seed, "seconds": round(run.seconds, 1),
              "training_loss": log.loss[-1][1] if log.loss else None}
    if log.masked:
        result["masked_share"] = statistics.fmean(value for _, value in log.masked)
    if run.measures_time:
        return {**result, "last": round(run.seconds_an_epoch(), 3)}
    best = max(log.accuracy, key=lambda point: point[1])
    return {**result, "last": round(log.accuracy[-1][1], 4), "best": round(best[1], 4),
            "best_epoch": best[0] // run.cell.epoch,
            "accuracy": [[i // run.cell.epoch, round(value, 4)] for i, value in log.accuracy]}


def cell_result(cell, runs):
    """Of the finished ones of `runs`, which are those of this cell."""
    done = [result for result in map(run_result, runs) if result]
    result = {"name": cell.name, "title": cell.title, "group": cell.group, "net": cell.entry.net,
              "data": cell.entry.data.name, "paper": cell.paper, "control": cell.control,
              "seeds": len(done), "seeds_wanted": len(runs), "runs": done}
    if cell.x is not None:
        result["x"] = cell.x
    for key in ("last", "best", "masked_share"):
        result[key] = mean_and_deviation([run[key] for run in done if key in run])
    return result


def add_differences(cells):
    """Differences to the control, seed by seed: with equal seeds the initial weights, the order
    of the images and their augmentation are equal, too."""
    by_name = {cell["name"]: cell for cell in cells}
    for cell in cells:
        control = by_name.get(cell["control"])
        if control is None:
            continue
        last = {run["seed"]: run["last"] for run in control["runs"]}
        cell["difference"] = mean_and_deviation(
            [run["last"] - last[run["seed"]] for run in cell["runs"] if run["seed"] in last])


def mean_and_deviation(values):
    """`deviation` is that of single values (n - 1), `error` that of the mean; None of one value."""
    if not values:
        return None
    deviation = statistics.stdev(values) if len(values) > 1 else None
    error = None if deviation is None else deviation / math.sqrt(len(values))
    return {name: None if value is None else round(value, 6) for name, value in
            (("mean", statistics.fmean(values)), ("deviation", deviation), ("error", error))}


def results_of(experiment, runs):
    cells = [cell_result(cell, [run for run in runs if run.cell is cell])
             for cell in experiment.cells]
    add_differences(cells)
    return cells
