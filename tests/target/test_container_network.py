"""The request from within a container's network: by a program of its image, to whatever responds there."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from technogate.target.compose.network import PYTHON
from tests.certificates import write_certificates
from tests.conftest import STUCK_S
from tests.stand_in import StandIn, http_response


def requested(url: str) -> str:
    """What the Python of an image writes."""
    command = [sys.executable, "-W", "error", "-c", PYTHON, url]
    return subprocess.run(command, capture_output=True, text=True, timeout=STUCK_S, check=True).stdout.strip()


@pytest.mark.parametrize("code", [100, 102, 103])
@pytest.mark.parametrize("status", [200, 404])
def test_the_status_is_the_final_one(code: int, status: int) -> None:
    """Informational responses before it do not count."""
    before = f"HTTP/1.1 {code} Wait\r\nLink: </x>; rel=preload\r\n\r\n".encode() * 2
    with StandIn(lambda _: before + http_response(status)) as server:
        assert requested(f"{server.url}/health") == str(status)


def test_any_certificate_will_do(tmp_path: Path) -> None:
    """It is for another name than the service has within the network, and is verified from outside."""
    write_certificates(tmp_path, "elsewhere.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with context.wrap_socket(listener.accept()[0], server_side=True) as connection:
                connection.recv(65536)
                connection.sendall(http_response(200))

        thread = threading.Thread(target=serve)
        thread.start()
        assert requested(f"https://127.0.0.1:{listener.getsockname()[1]}/health") == "200"
        thread.join()
