"""A page sends a request to a backend that does not accept while an address of the machine appears or disappears.

Run in a network of its own, the only one that changes then: `unshare --net python -m tests.drivers.network_change`.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

from technogate.drivers.page.page_driver import BrowserDriver
from technogate.target.spec import Selectors
from tests.stand_in import StandIn, http_response

QUIET = Path(__file__).with_name("data") / "quiet" / "index.html"
SELECTORS = Selectors(command="#command", session="#session", run="#run", result="body", status="#status")
STUCK_S = 60.0


def ip(*words: str) -> None:
    """Change the network."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


def connecting(port: int) -> bool:
    """Whether a client waits for a connection to `port`."""
    connections = psutil.net_connections("tcp")
    return any(
        connection.status == psutil.CONN_SYN_SENT and connection.raddr and connection.raddr.port == port
        for connection in connections
    )


def main() -> None:
    """Print what the driver reported before the change, after it, and once more."""
    ip("link", "set", "lo", "up")
    page = QUIET.read_bytes()
    pages = StandIn(lambda _: http_response(200, page, content_type="text/html"))
    with pages, socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        for waiting in (first, second):
            # One is taken by the system, none by a program: whoever comes next is kept waiting.
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        url = f"{pages.url}/?api=http://127.0.0.1:{port}"
        with BrowserDriver(url, selectors=SELECTORS) as driver:
            said = [driver.network_changed()]
            driver.start_execute("PING")
            until = time.monotonic() + STUCK_S
            while not connecting(port) and time.monotonic() < until:
                time.sleep(0.01)
            ip("link", "add", "tg0", "type", "veth", "peer", "name", "tg1")
            ip("addr", "add", "192.0.2.1/24", "dev", "tg0")
            ip("link", "set", "tg0", "up")
            ip("link", "set", "tg1", "up")
            until = time.monotonic() + STUCK_S
            while not (changed := driver.network_changed()) and time.monotonic() < until:
                # Only a driver that is asked something takes in what the browser told meanwhile.
                driver.result()
            said += [changed, driver.network_changed()]
            sys.stdout.write(json.dumps({"said": said, "failures": [one.failure for one in driver.requests()]}) + "\n")


if __name__ == "__main__":
    main()
