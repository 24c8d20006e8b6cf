"""A number of requests within a number of seconds: what a backend takes before it refuses further ones."""

from __future__ import annotations

from dataclasses import dataclass

#: The longest window that requests are counted in, in seconds: a longer one is kept in parts of this length, so that no
#: wait is longer.
LONGEST_WINDOW_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestWindow:
    """At most `requests` in any `per_s` seconds."""

    requests: int
    per_s: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.per_s

    def in_parts(self) -> RequestWindow:
        """The same rate in a window of at most `LONGEST_WINDOW_S` seconds, where that holds a whole request."""
        requests = int(self.rate * LONGEST_WINDOW_S)
        if self.per_s <= LONGEST_WINDOW_S or not requests:
            return self
        return RequestWindow(requests=requests, per_s=LONGEST_WINDOW_S)

    def __str__(self) -> str:
        return f"{self.requests} requests in {self.per_s:.0f} s"
