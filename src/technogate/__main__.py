"""`python -m technogate`."""

from technogate.cli import main

main()
