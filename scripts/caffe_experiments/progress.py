"""Tells how far a grid of runs has come."""
import sys
import time


class Progress:
    """A line for each finished epoch; on a terminal only the latest one stays."""

    def __init__(self, runs, stream=sys.stderr):
        self._runs = runs
        self._stream = stream
        self._terminal = stream.isatty()
        self._costs = {id(run): run.cell.cost() for run in runs}
        self._total = sum(self._costs.values())
        self._shown = {id(run): run.epochs_done() for run in runs}
        self._first = self._done()
        self._begin = time.monotonic()

    def _done(self):
        """In units of Cell.cost."""
        return sum(self._costs[id(run)] * self._shown[id(run)] / run.cell.epochs
                   for run in self._runs)

    def show(self, active, ended):
        for run in active + ended:
            epochs = run.epochs_done()
            if epochs <= self._shown[id(run)] and run not in ended:
                continue
            self._shown[id(run)] = epochs
            self._print(self.line(run, epochs), whole=run in ended)

    def line(self, run, epochs):
        number = sum(run.finished for run in self._runs)
        accuracy = run.log().accuracy
        value = f", accuracy {accuracy[-1][1]:.2f} %" if accuracy else ""
        return (f"{number} of {len(self._runs)} runs; {run.name}: epoch {epochs} of "
                f"{run.cell.epochs}{value}; {self._left()}")

    def _left(self):
        done = self._done()
        share = f"{100 * done / self._total:.1f} % of all"
        if done <= self._first or done >= self._total:
            return share
        seconds = (self._total - done) * (time.monotonic() - self._begin) / (done - self._first)
        return f"{share}, {duration(seconds)} left"

    def _print(self, text, whole):
        if self._terminal:
            self._stream.write(f"\r\033[K{text}" + ("\n" if whole else ""))
        else:
            self._stream.write(f"{text}\n")
        self._stream.flush()

    def end(self):
        if self._terminal:
            self._stream.write("\r\033[K")


def duration(seconds):
    minutes = round(seconds / 60)
    if minutes == 0:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
