"""`python -m technogate`: the command line, in a Python that only the installed gate decides about.

Until that Python is started, nothing is imported that the current folder could replace: see `util/sealed_start.py`.
"""

import os
import sys

#: The program that starts a module in a sealed Python.
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "util", "sealed_start.py")  # noqa: PTH100, PTH118, PTH120

if not (sys.flags.isolated and sys.flags.no_site):
    place = sys._xoptions.get("pycache_prefix", os.devnull + "/none")
    words = [sys.executable, "-I", "-S", "-X", f"pycache_prefix={place}", PROGRAM, "technogate", *sys.argv[1:]]
    os.execv(words[0], words)  # noqa: S606 - the same program, started anew

from technogate.cli.main import main  # noqa: E402 - only a sealed process loads it

main()
