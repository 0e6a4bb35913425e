"""Does the runs of a grid, one after the other or a few at a time."""
import signal
import time
from collections import deque

from .progress import Progress

POLL_SECONDS = 0.2


class Interrupted(Exception):
    """A signal stopped the command; every run has taken a snapshot."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number


class Runner:
    """`changed()` is called whenever a run has come to its end."""

    def __init__(self, command, environment, folder, jobs, changed):
        self._start = command, environment, folder
        self._jobs = jobs
        self._changed = changed
        self._active = []
        self._stopping = None     # the signal that asked for it

    def run(self, runs):
        """Returns the runs that failed, as (run, reason)."""
        for run in runs:
            run.write_files()
        waiting = deque(run for run in runs if not run.finished)
        progress = Progress(runs)
        failed = []
        handlers = {number: signal.signal(number, self._stop)
                    for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while (waiting and not self._stopping) or self._active:
                while waiting and len(self._active) < self._jobs and not self._stopping:
                    waiting[0].start(*self._start)
                    self._active.append(waiting.popleft())
                time.sleep(POLL_SECONDS)
                ended = [run for run in self._active if run.poll()]
                self._active = [run for run in self._active if run not in ended]
                progress.show(self._active, ended)
                failed += [(run, run.failure()) for run in ended if run.failure()]
                if ended:
                    self._changed()
        finally:
            for run in self._active:
                run.stop()
            progress.end()
            for number, handler in handlers.items():
                signal.signal(number, handler)
        if self._stopping:
            raise Interrupted(self._stopping)
        return failed

    def _stop(self, number, _):
        self._stopping = number
        for run in self._active:
            run.stop()
