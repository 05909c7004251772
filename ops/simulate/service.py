"""The tasks of a service: starting, serving, leaving."""

from collections import deque

from .delays import Delays

__all__ = ["Service"]


class Service:
    """Counts tasks by what they do; none of them is told apart from the others.

    Attributes:
        desired: How many there shall be.
        serving: How many get requests.
    """

    def __init__(self, tasks: int, delays: Delays) -> None:
        self.desired = self.serving = tasks
        self._delays = delays
        self._starting: deque[tuple[float, int]] = deque()
        self._leaving: deque[tuple[float, int]] = deque()

    @property
    def paid(self) -> int:
        """How many cost something: those that start and leave, too."""
        others = (*self._starting, *self._leaving)
        return self.serving + sum(count for _, count in others)

    def advance(self, now: float) -> None:
        """Let those serve that are ready by now, and those go that have left."""
        while self._starting and self._starting[0][0] <= now:
            self.serving += self._starting.popleft()[1]
        while self._leaving and self._leaving[0][0] <= now:
            self._leaving.popleft()

    def want(self, tasks: int, now: float) -> None:
        """Change the desired count: start tasks, or take away those first that do not serve yet."""
        more, self.desired = tasks - self.desired, tasks
        if more > 0:
            ready = now + self._delays.task_start + self._delays.health_check
            self._starting.append((ready, more))
            return
        fewer = -more
        while fewer and self._starting:
            ready, count = self._starting.pop()
            if count > fewer:
                self._starting.append((ready, count - fewer))
            fewer -= min(fewer, count)
        self.serving -= fewer
        if fewer:
            self._leaving.append((now + self._delays.deregistration, fewer))
