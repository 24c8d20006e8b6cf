"""`python -m technogate`."""

from technogate.cli.main import main

main()
