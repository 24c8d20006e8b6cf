#!/bin/sh
# Sets the database up when its volume is empty, then serves it. The variables are those of the usual image:
# POSTGRES_USER, POSTGRES_DB (the user's name without it) and POSTGRES_PASSWORD.
set -eu
: "${POSTGRES_PASSWORD:?set it to the password of the database}"
user=${POSTGRES_USER:-postgres}
name=${POSTGRES_DB:-$user}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    secret=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" >"$secret"
    initdb --username="$user" --pwfile="$secret" --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >/dev/null
    rm "$secret"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    if [ "$name" != postgres ]; then
        # Nobody but this program can ask for it yet.
        printf 'CREATE DATABASE "%s";\n' "$name" | postgres --single -j postgres >/dev/null
    fi
fi
exec postgres -c listen_addresses='*'
