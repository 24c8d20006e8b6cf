"""The paces of one process: one for each backend, shared by all of its drivers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from technogate.drivers.http.api_keys import right_key, telling_attempts
from technogate.drivers.http.pace import Pace
from technogate.drivers.http.request_window import RequestWindow
from technogate.drivers.http.wrong_keys import WrongKeys
from technogate.model.events import RunWarning


class Paces:
    """Gives every driver of one process its pace, by the base URL of its backend.

    Each backend counts by itself, so each has its own; but what one allows, another of the same target will allow too.
    """

    def __init__(
        self,
        *,
        api_key: str,
        operations: Sequence[str],
        note: Callable[[RunWarning], None],
        window: RequestWindow | None = None,
        wrong_keys: RequestWindow | None = None,
        describe: Callable[[RequestWindow], str] = str,
    ) -> None:
        """`operations` are those that need the key; `window` and `wrong_keys` are what the target file declares.

        `describe` is the sentence about a limit that was not declared.
        """
        self._api_key = api_key
        self._telling = telling_attempts(api_key, operations)
        self._note = note
        self._describe = describe
        self._window = window
        self._wrong_keys = wrong_keys
        self._known: dict[str, tuple[Pace, WrongKeys]] = {}

    def of(self, base_url: str, life: Callable[[], int] = lambda: 0) -> tuple[Pace, WrongKeys]:
        """The pace of a backend, and its budget of wrong keys; `life` changes when it is started again."""
        url = base_url.rstrip("/")
        if url not in self._known:
            window = next((one.window for _, one in self._known.values() if one.window is not None), self._wrong_keys)
            self._known[url] = (
                Pace(self._note, window=self._window, life=life, learned=self._learn),
                WrongKeys(right_key(self._api_key), window=window, telling=self._telling, life=life, note=self._note),
            )
        return self._known[url]

    @property
    def waited_s(self) -> float:
        """The seconds that were waited for a limit so far, by all of them."""
        return sum(pace.waited_s for pace, _ in list(self._known.values()))

    def make_room(self, requests: int) -> None:
        """Wait until so many requests can be sent to each backend by what is no driver of ours, such as a page."""
        for pace, _ in self._known.values():
            pace.make_room(requests)

    def spent(self, base_url: str) -> None:
        """Take into account that such a request was sent."""
        self.of(base_url)[0].spent()

    def report(self) -> None:
        """Report the paces that were limited, each once."""
        for pace, _ in self._known.values():
            pace.report()

    def _learn(self, window: RequestWindow) -> None:
        """Remember what a backend allows, and say so when it is met first."""
        first, self._window = self._window is None, self._window or window
        for pace, _ in self._known.values():
            if pace.window is None:
                pace.window = window
        if first:
            self._note(RunWarning(text=self._describe(window)))
