#!/bin/sh
# A supervisor: the server runs in a session of its own and is waited for (supervisord, setsid, script, build daemons).
setsid --fork --wait node ../base/server.mjs "$@" </dev/null
