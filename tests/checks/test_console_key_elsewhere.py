"""CON-22: which requests take the key to another place, and that a finding never shows it."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from technogate.checks.console_key_elsewhere import key_goes_nowhere_else, place_of
from technogate.model.exposure import PageRequest
from tests.checks.test_registry import KEY

OWN = ("http://127.0.0.1:8000", "http://console.test")
SPELLINGS = {
    "plain": KEY,
    "URL-encoded": "".join(f"%{byte:02X}" for byte in KEY.encode()),
    "base64": base64.b64encode(b"ab:" + KEY.encode()).decode(),
    "base64 in a query": quote(base64.b64encode(b">>>" + KEY.encode() + b"???").decode()),
    "hexadecimal": KEY.encode().hex(),
    "reversed": KEY[::-1],
    "two halves": f'{{"a":"{KEY[: len(KEY) // 2]}","b":"{KEY[len(KEY) // 2 :]}"}}',
}


def request(url: str, *, body: str = "", header: str = "", failure: str = "") -> PageRequest:
    """One request that left the console."""
    sent = (("X-Some-Header", header),) if header else ()
    return PageRequest(method="POST", url=url, at=0.0, kind="fetch", sent=sent, body=body.encode(), failure=failure)


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_finds_the_key_in_each_part_and_never_shows_it(text: str) -> None:
    """Each spelling is found in header, URL and body, and the finding holds neither the key nor a half of it."""
    sent = {
        "header": request("https://other.test/x", header=text),
        "URL": request(f"https://other.test/x?y={text}"),
        "body": request("https://other.test/x", body=text),
    }
    for part, one in sent.items():
        (finding,) = key_goes_nowhere_else([request(OWN[0]), one], OWN, part, KEY)
        shown = " ".join([finding.observed, *finding.example.values()]).casefold()
        for secret in (KEY, KEY[: len(KEY) // 2], KEY[len(KEY) // 2 :]):
            assert secret.casefold() not in shown, (part, shown)
        others = [other for other in sent if other != part]
        assert all(key_goes_nowhere_else([one], OWN, other, KEY) == [] for other in others), part


@pytest.mark.parametrize(
    "one",
    [
        request("http://127.0.0.1:8000/api/execute", header=KEY),
        request("http://localhost:8000/api/execute", header=KEY),
        request("ws://127.0.0.1:8000/socket", body=KEY),
        request("http://console.test/config.json", body=KEY),
        request("https://other.test/visits", body="hello"),
        request("https://other.test/visits", body=KEY[: len(KEY) // 2]),
        request("https://other.test/visits", body=KEY, failure="csp"),
        request(f"data:text/plain,{KEY}"),
        request("blob:http://console.test/1", body=KEY),
    ],
    ids=str,
)
def test_does_not_blame_what_stays_at_home(one: PageRequest) -> None:
    """The backend, the page's own server, requests without the key, and what never left the browser."""
    assert [key_goes_nowhere_else([one], OWN, part, KEY) for part in ("header", "URL", "body")] == [[], [], []]


def test_another_port_or_host_is_another_place() -> None:
    """A place is host and port; the usual port need not be written."""
    assert place_of("http://a.test") == place_of("ws://a.test:80/x") == "a.test:80"
    assert len({place_of(url) for url in ("http://a.test", "https://a.test", "http://b.test", "http://a.test:81")}) == 4
    assert place_of("about:blank") == ""
