"""What a compose file shows: sides, images, variables and health; nothing is started."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from technogate.model.errors import UserError
from technogate.onboarding.compose_files import learn_compose, read_compose, sides
from technogate.onboarding.learned import Learned

FILE = """
services:
  db:
    image: postgres:16
  orders-api:
    image: shop/api:1.2
    ports: ["127.0.0.1:8080:8000"]
    environment:
      - ORDERS_API_KEY=change-me
      - DATABASE_URL=postgresql://db/orders
      - ALLOWED_ORIGINS=http://localhost:3001
    depends_on: [db]
    healthcheck:
      test: ["CMD-SHELL", "curl -f http://localhost:8000/healthz || exit 1"]
  web:
    build: ./web
    expose: ["3000"]
    environment:
      VITE_API_URL: http://orders-api:8000
      VITE_API_KEY: change-me
"""


def learned(folder: Path) -> tuple[Learned, str]:
    """What is learned from the file, and the file to lay over the gate's."""
    path = folder / "docker-compose.yml"
    path.write_text(FILE, "utf-8")
    found = Learned(tell=lambda _: None)
    return found, learn_compose(path, found)


def test_services_are_told_apart(tmp_path: Path) -> None:
    """By their names and variables; a database is neither side."""
    path = tmp_path / "compose.yml"
    path.write_text(FILE, "utf-8")
    found = sides(read_compose(path))
    assert {side: service.name for side, service in found.items()} == {"console": "web", "backend": "orders-api"}
    assert found["backend"].port == 8000
    assert found["console"].port == 3000


def test_image_and_health_become_lines(tmp_path: Path) -> None:
    """The image, the path of the health check; what is built and what runs besides is missing, with what to do."""
    found, _ = learned(tmp_path)
    assert found.value("compose.backend_image") == "shop/api:1.2"
    assert found.value("backend.ready") == "/healthz"
    assert {(gap.table, gap.key) for gap in found.gaps} == {("compose", "console_image"), ("compose", "before")}


def test_own_variables_are_filled_from_the_gates(tmp_path: Path) -> None:
    """Key, origin and address become the gate's; other values stay."""
    _, overlay = learned(tmp_path)
    services = yaml.safe_load(overlay)["services"]
    assert services["backend"]["environment"] == {
        "ORDERS_API_KEY": "${TECHNO_API_KEY}",
        "DATABASE_URL": "postgresql://db/orders",
        "ALLOWED_ORIGINS": "${TECHNO_ALLOWED_ORIGINS}",
    }
    assert services["console"]["environment"] == {
        "VITE_API_URL": "${NEXT_PUBLIC_API_URL}",
        "VITE_API_KEY": "${NEXT_PUBLIC_API_KEY}",
    }


@pytest.mark.parametrize("text", ["services: {}", "a: [", "services:\n  cache:\n    image: redis:7\n"])
def test_file_without_a_side_is_one_line(tmp_path: Path, text: str) -> None:
    """A file that shows nothing is a mistake of the user's."""
    path = tmp_path / "compose.yml"
    path.write_text(text, "utf-8")
    with pytest.raises(UserError) as raised:
        learn_compose(path, Learned(tell=lambda _: None))
    assert "\n" not in str(raised.value)
