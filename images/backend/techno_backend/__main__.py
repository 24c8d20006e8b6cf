"""`python -m techno_backend --host H --port P`: read the environment, open the trail, serve."""

from __future__ import annotations

import argparse
import logging
import os
import sys

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from .app import create_app
from .executor import commands
from .settings import Settings, SettingsError
from .trail import Trail
from .transport import KEEP_ALIVE, PatientProtocol


def main() -> int:
    """Serve until a signal ends the process. Exit code 2: the environment is not usable, one line names the reason."""
    parser = argparse.ArgumentParser(prog="techno_backend", description="The reference backend.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
    arguments = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        settings = Settings.from_environment(os.environ)
        trail = Trail(settings.database_url)
    except SettingsError as error:
        sys.stderr.write(f"techno_backend: {error}\n")
        return 2
    except SQLAlchemyError as error:
        cause = type(error).__name__  # its message would show the address and perhaps the password
        sys.stderr.write(f"techno_backend: cannot open the audit trail ({cause}); check TECHNO_DATABASE_URL\n")
        return 2
    _allow_many_connections()
    uvicorn.run(
        create_app(settings, trail, commands(demo_faults=settings.demo_faults)),
        host=arguments.host,
        port=arguments.port,
        http=PatientProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        access_log=False,  # its lines hold the query, and a query may hold anything
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=3,
    )
    trail.close()
    return 0


def _allow_many_connections() -> None:
    """Raise the soft limit of open files, so that idle connections do not keep others out (ERR-07)."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(8192, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main())
