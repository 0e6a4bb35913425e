"""Curves of an experiment as a PNG: accuracy over the epochs, and the accuracies at the end."""
import statistics

from command_line import missing_package

from .errors import Refusal


def pyplot():
    try:
        import matplotlib
    except ModuleNotFoundError as error:
        raise Refusal(missing_package(error) or str(error)) from None
    matplotlib.use("Agg")
    from matplotlib import pyplot as plot
    return plot


def draw(cells, title, axis, output):
    """`cells` as results.results_of gives them; those without a finished run are left out."""
    cells = [cell for cell in cells if cell["runs"]]
    if not cells:
        return
    plot = pyplot()
    groups = {}
    for cell in cells:
        groups.setdefault(cell["group"], []).append(cell)
    curves = all("accuracy" in run for cell in cells for run in cell["runs"])
    height = 0.9 + max(3.2, 0.34 * max(map(len, groups.values())))
    figure, panels = plot.subplots(len(groups), 2 if curves else 1,
                                   figsize=(12, height * len(groups)), squeeze=False)
    for row, (group, members) in zip(panels, groups.items()):
        if curves:
            over_epochs(row[0], members, group)
        if axis and any("x" in cell for cell in members):
            over_axis(row[-1], members, axis)
        else:
            at_the_end(row[-1], members, "last epoch, %" if curves else "seconds an epoch")
    figure.suptitle(title)
    figure.tight_layout()
    temporary = output.with_name("new_" + output.name)
    figure.savefig(temporary, dpi=110)
    plot.close(figure)
    temporary.replace(output)


def over_epochs(panel, cells, group):
    """The mean over the seeds."""
    for index, cell in enumerate(cells):
        epochs = [epoch for epoch, _ in cell["runs"][0]["accuracy"]]
        tests = zip(*([value for _, value in run["accuracy"]] for run in cell["runs"]))
        panel.plot(epochs, [statistics.fmean(values) for values in tests], color=colour(index),
                   linestyle=style(index), linewidth=1.2, label=cell["title"])
    panel.set_title(f"{group}: test accuracy, %" if group else "test accuracy, %", fontsize=10)
    panel.set_xlabel("epoch")
    panel.grid(alpha=0.3)
    panel.legend(fontsize=7, ncol=1 + len(cells) // 12)


def at_the_end(panel, cells, title):
    """Every run as a dot, their mean as a bar, the paper's figure as a cross."""
    for index, cell in enumerate(cells):
        values = [run["last"] for run in cell["runs"]]
        row = -index
        panel.plot(values, [row] * len(values), "o", color=colour(index), alpha=0.5, markersize=5)
        panel.plot([cell["last"]["mean"]], [row], "|", color=colour(index), markersize=16,
                   markeredgewidth=2)
        if cell["paper"] is not None:
            panel.plot([cell["paper"]], [row], "x", color="black")
    panel.set_yticks([-index for index in range(len(cells))], [cell["title"] for cell in cells],
                     fontsize=8)
    papers = any(cell["paper"] is not None for cell in cells)
    panel.set_title(f"{title}: runs and mean" + ("; x: the paper's" if papers else ""),
                    fontsize=10)
    panel.grid(alpha=0.3)


def over_axis(panel, cells, axis):
    """Accuracy of the last epoch over Cell.x, with the deviation; controls as lines."""
    controls = [cell for cell in cells if "x" not in cell]
    names = {cell["name"]: cell["title"] for cell in controls}
    for index, control in enumerate(dict.fromkeys(cell["control"] for cell in cells
                                                  if "x" in cell)):
        points = sorted((cell for cell in cells if "x" in cell and cell["control"] == control),
                        key=lambda cell: cell["x"])
        panel.errorbar([cell["x"] for cell in points], [cell["last"]["mean"] for cell in points],
                       [cell["last"]["deviation"] or 0 for cell in points], marker="o",
                       capsize=3, color=colour(index),
                       label=f"ChannelDropBack{names.get(control, '').removeprefix('baseline')}")
    for index, cell in enumerate(controls):
        panel.axhline(cell["last"]["mean"], linestyle="--", color=colour(index),
                      label=cell["title"])
    panel.legend(fontsize=8)
    panel.set_xlabel(axis)
    panel.set_title("last epoch, %", fontsize=10)
    panel.grid(alpha=0.3)


def colour(index):
    return f"C{index % 10}"


def style(index):
    return ["-", "--", ":", "-."][index // 10 % 4]
