"""`python -m technogate`: the command line, in a Python that only the installed gate decides about."""

import sys

from technogate.util.sealed_start import run_sealed

run_sealed(["technogate", *sys.argv[1:]])

from technogate.cli.main import main  # noqa: E402 - only a sealed process loads it

main()
