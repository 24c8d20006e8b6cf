"""What there is in a database, for the message about a query that does not fit it."""

from __future__ import annotations

import re

from sqlalchemy import Engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from technogate.util.phrases import few

#: How many names a message holds.
MOST_NAMES = 20
_TABLE = re.compile(r"\b(?:from|join)\s+[\"`\[]?(?:\w+[\"`\]]?\.[\"`\[]?)?(\w+)", re.IGNORECASE)


def tables_and_columns(engine: Engine, query: str) -> str:
    """The columns of the query's tables, or the tables that exist; "" when even that cannot be found out."""
    try:
        there = inspect(engine)
        tables = [*there.get_table_names(), *there.get_view_names()]
        small = {name.lower(): name for name in tables}
        asked = [small.get(name.lower(), "") for name in _TABLE.findall(query)]
        if not asked:
            return ""
        if not all(asked):
            return f"; it has {'the tables ' + few(tables, MOST_NAMES) if tables else 'no tables'}"
        columns = [
            f"{table} has the columns {few([c['name'] for c in there.get_columns(table)], MOST_NAMES)}"
            for table in asked
        ]
        return "; " + ", ".join(columns)
    except (SQLAlchemyError, NotImplementedError):
        return ""
