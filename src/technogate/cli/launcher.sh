#!/bin/sh
# The command `technogate`: start the Python beside this file so that nothing but the installed gate decides what it
# loads. No variable, no file of the current folder and no code in a `.pth` file runs before the gate does.
# Only words of the shell that cannot be replaced by a function of the environment are used, and one absolute program.
unset -f test printf
unset LD_PRELOAD LD_AUDIT DYLD_INSERT_LIBRARIES PYTHONHOME PYTHONPATH
script=$0
while test -h "$script"; do
    link=$(/usr/bin/readlink "$script") || exit 2
    case $link in
        /*) script=$link ;;
        *) script=${script%/*}/$link ;;
    esac
done
python=${script%/*}/python
test -x "$python" || python=${script%/*}/python3
if ! test -x "$python"; then
    printf '%s\n' "technogate: there is no Python beside $script; install the gate into a virtual environment" >&2
    exit 2
fi
exec "$python" -I -S -X pycache_prefix=/dev/null/none -c '
import os, site, sys

def paths_alone(folder, name, known):
    with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
        places = [os.path.join(folder, line.strip()) for line in file if line.strip()]
    sys.path += [place for place in places if place not in sys.path and os.path.isdir(place)]
    return known

site.addpackage = paths_alone
site.addsitepackages(site.venv(site.removeduppaths()))
try:
    from technogate.util.sealed_start import start
except ModuleNotFoundError:
    print("technogate: this Python has no technogate of its own; install it into a virtual environment", file=sys.stderr)
    sys.exit(2)
start(["technogate", *sys.argv[1:]])
' "$@"
