r"""An exchange as a shell command that sends the same request again.

The command is for a POSIX shell and holds no secret: the API key stands in it as an expression over
`$TECHNOGATE_API_KEY`. Such expressions, of a narrow form, are the only text which the shell expands; all
the rest is quoted.
The command is printable as it stands: what is not plain text is sent by `printf` with octal escapes.
"""

from __future__ import annotations

import re
import shlex

from technogate.journal.redaction import MARK
from technogate.model.events import Exchange, Request, header_values
from technogate.util.text import terminal

#: What curl sends by itself, as it must be for the address and the body it is given.
_OWN_HEADERS = frozenset({"host", "content-length", "user-agent", "accept-encoding", "connection", "accept"})

#: A run of one byte at least this long is made by the command instead of being written out.
_LONG_RUN = 256
#: A longer body is piped: systems limit the length of one argument.
_LONG_BODY = 30_000
#: A longer command runs over several lines.
_LINE = 100

_RUN = re.compile(rb"(.)\1{%d,}" % (_LONG_RUN - 1), re.DOTALL)
_SAFE_BASE = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+(?:/[A-Za-z0-9._~/-]*)?")
_SAFE_PATH = re.compile(r"/[A-Za-z0-9/._~?=&%,:@+;-]*")
_URL_PATH = re.compile(r"/[!$%&-;=?-\[\]_a-z{|}~]*")
_TOKEN = re.compile(r"[A-Za-z0-9-]+")
_MARK = re.compile(re.escape(MARK) + r"(?!\w)")

#: What a key expression may pipe the key through; anything else is quoted, not expanded.
_FILTER = r"""(?:
    tr(?:[ ](?:'[\w:\[\] -]+'|[\w-]+)){2}
  | cut[ ]-c[ ]?[\d,-]+
  | rev
  | (?:head|tail)[ ]-c[ ]?\+?\d+
  | sed[ ](?:'s/[\w .^*$-]*/[\w .&-]*/[\dg]?'|"s/[\w .^*-]*/[\w .&-]*/[\dg]?")
)"""
_VARIABLE = r"TECHNOGATE_API_KEY(?!\w) | \{TECHNOGATE_API_KEY(?:[%#]{1,2}[\w?*.-]+)?\}"
_KEY = re.compile(
    rf"""(?:
    [\w .,~+/=:-]
  | \$(?:{_VARIABLE})
  | \$\(printf[ ](?:%s|'%s')[ ]"\$(?:{_VARIABLE})"(?:[ ]\|[ ]{_FILTER})+\)
)+""",
    re.VERBOSE | re.ASCII,
)


def curl_for(exchange: Exchange) -> str:
    """The command that sends the request of `exchange` again; long ones run over several lines.

    A body of which the journal kept only a part is sent as far as it is known, and the command says so.
    """
    request = exchange.request
    source, data = _body(request)
    words = ["curl -sS -i" + _method(request, bool(data)) + _path_options(exchange)]
    words += _headers(exchange, has_data=bool(data))
    words += [data] if data else []
    words += _url(exchange)
    command = (f"{source} | " if source else "") + " ".join(words)
    if len(command) > _LINE:
        command = (f"{source} |\n  " if source else "") + " \\\n  ".join(words)
    if request.body.cut:
        kept = len(request.body.raw)
        command += f"  # the body had {request.body.size} bytes; the first {kept} were recorded and are sent"
    return command


def _method(request: Request, has_data: bool) -> str:
    """The option for the method: none for a plain GET, `-I` for HEAD, which has no body to wait for."""
    if request.method == "GET" and not has_data:
        return ""
    return " -I" if request.method == "HEAD" else f" -X {_word(request.method)}"


def _is_key(text: str, exchange: Exchange) -> bool:
    """Whether the shell may expand `text`: it is the exchange's key, or our own request holds the key there."""
    if "TECHNOGATE_API_KEY" not in text or not _KEY.fullmatch(text):
        return False
    return text == exchange.key or (exchange.responded_by != "mock" and "$(" not in text)


def _headers(exchange: Exchange, *, has_data: bool) -> list[str]:
    """One `-H` for each recorded header that curl would not send, or not as it was."""
    options: list[str] = []
    headers = exchange.request.headers
    for name, value in headers:
        if name.lower() in _OWN_HEADERS:
            continue
        if _is_key(value, exchange):
            plain = _TOKEN.fullmatch(name)
            options.append(f'-H "{name}: {value}"' if plain else f'-H {_word(name + ": ")}"{value}"')
        else:
            # curl takes `name:` as an order to leave the header out; `name;` sends it empty.
            options.append("-H " + _word(f"{name}: {value}" if value else f"{name};"))
    if has_data and not header_values(headers, "content-type"):
        options.append("-H Content-Type:")
    return options


def _body(request: Request) -> tuple[str, str]:
    """What to pipe into curl ("" for nothing), and the option that names the body ("" for none)."""
    raw = request.body.raw
    if not raw:
        sized = request.method in {"POST", "PUT", "PATCH"} or header_values(request.headers, "content-length")
        return "", "--data-binary ''" if sized and request.method != "HEAD" else ""
    if _RUN.search(raw):
        return _pieces(raw), "--data-binary @-"
    if request.body.base64 or len(raw) > _LONG_BODY or not _plain(request.body.text):
        return f"printf '{_octal(raw)}'", "--data-binary @-"
    # `--data-binary` would read a file when the text begins with @.
    option = "--data-raw" if raw.startswith(b"@") else "--data-binary"
    return "", f"{option} {shlex.quote(request.body.text)}"


def _pieces(raw: bytes) -> str:
    """Commands that write `raw`, its long runs of one byte in short."""
    parts: list[str] = []
    position = 0
    for run in _RUN.finditer(raw):
        if run.start() > position:
            parts.append(f"printf '{_octal(raw[position : run.start()])}'")
        translate = "LC_ALL=C tr" if run[1] >= b"\x80" else "tr"
        parts.append(f"head -c {run.end() - run.start()} /dev/zero | {translate} '\\0' '{_octal(run[1])}'")
        position = run.end()
    if position < len(raw):
        parts.append(f"printf '{_octal(raw[position:])}'")
    return "{ " + "; ".join(parts) + "; }"


def _octal(raw: bytes) -> str:
    """`raw` as the format of a `printf` in single quotes."""
    shown = "".join(chr(byte) if 0x20 <= byte < 0x7F and byte not in b"\\'%" else f"\\{byte:03o}" for byte in raw)
    shown = shown.replace("::", ":\\072").replace("##", "#\\043")
    return f"\\055{shown[1:]}" if shown.startswith("-") else shown


def _plain(text: str) -> bool:
    """Whether `text` may stand in the command as it is: a report shows it unchanged."""
    return terminal(text) == text


def _word(text: str) -> str:
    """One shell word that stands for exactly `text` (less any NUL, which no shell word can hold)."""
    if _plain(text):
        return shlex.quote(text)
    return f"\"$(printf '{_octal(text.replace(chr(0), '').encode('utf-8', 'surrogatepass'))}')\""


def _path_options(exchange: Exchange) -> str:
    """What keeps curl from reading the path: as globs, or as something to tidy up."""
    path = exchange.request.path
    options = " -g" if re.search(r"[][{}]", path) else ""
    return options + (" --path-as-is" if "/." in path else "")


def _url(exchange: Exchange) -> list[str]:
    """The words that say where to: the address, which the environment may replace, and the path."""
    path = exchange.request.path
    variable = "TECHNOGATE_CONSOLE_URL" if exchange.responded_by == "console" else "TECHNOGATE_BACKEND_URL"
    base = exchange.base_url.rstrip("/")
    if not base:
        start = f'"${{{variable}:?is the base URL}}"'
    else:
        start = f'"${{{variable}:-{base}}}"' if _SAFE_BASE.fullmatch(base) else _word(base)
    if not _URL_PATH.fullmatch(path):
        # curl refuses or alters such a path within a URL.
        return [f"--request-target {_path(exchange)}", f"{start}/"]
    if _SAFE_PATH.fullmatch(path) and start.startswith('"$'):
        return [f'{start[:-1]}{path}"']
    return [start + _path(exchange)]


def _path(exchange: Exchange) -> str:
    """The path as shell words without a space between them, a key within it left to the shell."""
    if exchange.responded_by == "mock":
        return _word(exchange.request.path)
    parts = _MARK.split(exchange.request.path)
    return f'"{MARK}"'.join(_word(part) if part else "" for part in parts) or "''"
