"""Patterns of what gives a backend's inside away: each kind is one expression."""

from __future__ import annotations

import re


def _any(*patterns: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), flags | re.MULTILINE)


STACK_TRACE = _any(
    r"Traceback \(most recent call last\)",
    r'\bFile "[^"\n]+", line \d+',
    r"\b(?:sqlalchemy|psycopg2?|pydantic(?:_core)?|starlette|fastapi|django|aiohttp|asyncpg|sqlite3)"
    r"\.[\w.]*(?:Error|Exception)\b",
    r"\bat [\w$.<>/]+\((?:[\w$]+\.(?:java|kt|scala|groovy):\d+|Native Method|Unknown Source)\)",
    r'\bException in thread "',
    r"\b(?:Caused by: )?(?:javax?|jakarta|kotlin|org|com|io)\.[a-z][\w.]*\.\w*(?:Exception|Error)\b",
    r"\bat (?:async )?(?:[\w$.<>\[\] ]+ \()?(?:node:|file://|/|[A-Za-z]:\\)[^\s()]*:\d+:\d+\)?",
    r"\b(?:Type|Reference|Range|Syntax|Eval|URI)Error: .+",
    r"\bgoroutine \d+ \[[^\]\n]*\]:",
    r"\bpanic: .+",
    r"\b[\w./-]+\.go:\d+",
    r"\bat [\w.`<>+\[\]]+\([^)\n]*\) in \S.*:line \d+",
    r"\bSystem\.(?:\w+\.)*\w*Exception\b",
    r"--- End of (?:inner exception )?stack trace",
    r"\bPHP (?:Fatal error|Parse error|Warning|Notice)\b",
    r"\bStack trace:\s*#0 ",
    r"#\d+ \S+\.php\(\d+\)",
    r"\bUncaught \w*(?:Exception|Error)\b",
    r"\.php(?:</b>)? on line (?:<b>)?\d+",
    r"\S+\.rb:\d+:in [`'\u2018]",
    r"\b(?:Action|Active)(?:Controller|Record|View|Model|Dispatch)::\w+",
    r"\bNoMethodError\b",
    r"\bthread '[^'\n]+' panicked at\b",
)

_ENDINGS = (
    "py|pyc|js|mjs|cjs|ts|tsx|jsx|java|class|jar|kt|go|rb|php|cs|dll|exe|so|rs|db|sqlite3?|log|conf|cfg|ini|ya?ml"
    "|toml|env|pem|crt|sh|sock|pid|jsonl|sql"
)
_ROOTS = (
    "usr|home|var|opt|etc|root|srv|tmp|proc|sys|dev|mnt|run|app|apps|workspace|Users|Volumes|Library|Applications"
    "|private|System|nix|snap|lib|lib64|bin|sbin"
)
FILE_PATH = _any(
    rf"(?<![\w./:-])/(?:{_ROOTS})/[\w.@+~-]+[\w.@+~/-]*",
    rf"(?<![\w.:/-])(?:/[\w.@+~-]+)+\.(?:{_ENDINGS})\b",
    r"\bfile://\S+",
    r"(?<![\w/])[A-Za-z]:\\(?:[^\\/:*?\"<>|\s]+\\)*[^\\/:*?\"<>|\s]+",
    r"(?<![\w/:])[A-Za-z]:/(?:[\w.@+~ -]+/)+[\w.@+~-]+",
    r"(?<![\w\\])\\\\[\w.-]+\\[\w$.-]+",
)

SQL = _any(
    r"\bSELECT\b[^;]{1,400}?\bFROM\b",
    r"\bINSERT\s+INTO\b",
    r"\bUPDATE\s+[\w\".`\[\]]+\s+SET\b",
    r"\bDELETE\s+FROM\b",
    r"\b(?:CREATE|ALTER|DROP)\s+(?:TABLE|VIEW|INDEX|TRIGGER|DATABASE)\b",
    r"(?i:\bselect\s+(?:\*|[\w\".`, ]+?)\s+from\s+[\w\".`]+\s+(?:where|order\s+by|limit|group\s+by)\b)",
    r"(?i:\binsert\s+into\s+[\w\".`]+\s*\()",
    r"\[SQL: ",
    r"\bSQLSTATE\b",
    r"\bsqlite3?\.\w*Error\b",
    r"(?i:\bno such (?:table|column): \w)",
    r"(?i:\brelation \"[^\"]+\" does not exist)",
    r"(?i:\bcolumn \"?[\w.]+\"? (?:of relation \"[^\"]+\" )?does not exist)",
    r"(?i:\b(?:UNIQUE|FOREIGN KEY|NOT NULL|CHECK) constraint failed)",
    r"(?i:\bviolates (?:unique|foreign key|not-null|check) constraint)",
    r"(?i:\byou have an error in your SQL syntax)",
    r"(?i:\bsyntax error at or near \")",
    r"(?i:near \"[^\"]*\": syntax error)",
    r"\bORA-\d{5}\b",
    r"(?i:\bdatabase (?:table )?is locked\b)",
)

HOST = _any(
    r"(?<![\w.-])localhost(?::\d+)?\b",
    r"(?<![\w.-])(?:[\w-]+\.)+(?:local|internal|lan|intranet|corp|localdomain|home\.arpa|svc\.cluster\.local)\b(?!\()",
    r"\bip-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}\b",
    r"\b(?:postgres(?:ql)?|mysql|mariadb|mongodb|redis|rediss|amqps?|mssql|sqlite|oracle|jdbc:\w+)"
    r"(?:\+\w+)?:(?://|@)\S+",
    r"\b[a-z][a-z0-9+.-]*://[^\s/:@\"']+:[^\s/@\"']+@[^\s\"']+",
    r"\bgetaddrinfo (?:ENOTFOUND|EAI_AGAIN) \S+",
    r"\b(?:translate|resolve) host name \"[^\"]+\"",
    r"\bconnection to server at \"[^\"]+\"",
    r"\bHTTPS?ConnectionPool\(host=[^)]*\)?",
)
IPV4 = re.compile(r"(?<![\w.])(?<![\w.]/)((?:\d{1,3}\.){3}\d{1,3})(?::\d{1,5})?(?!\w|\.\d)")
IPV6 = re.compile(r"(?<![\w:.])\[?([0-9A-Fa-f:]*::?[0-9A-Fa-f:]+)(?![\w:.])")

_NAMES = (
    "PATH|HOME|PWD|OLDPWD|HOSTNAME|SHELL|LANG|USER|LOGNAME|PYTHONPATH|PYTHONHOME|VIRTUAL_ENV|NODE_ENV|NODE_OPTIONS"
    "|JAVA_HOME|JAVA_OPTS|CLASSPATH|GOPATH|GOROOT|GEM_HOME|GEM_PATH|RAILS_ENV|DATABASE_URL|LD_LIBRARY_PATH"
    r"|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|URL|URI|DSN|HOST|PORT|DIR|PATH|HOME|ENV)"
)
ENVIRONMENT = _any(
    rf"(?<![\w$.-])(?:{_NAMES})=[^\s\"',;&]+",
    rf"[\"'](?:{_NAMES})[\"']\s*:\s*[\"'][^\"'\n]+[\"']",
    r"\benviron\(\{",
)
