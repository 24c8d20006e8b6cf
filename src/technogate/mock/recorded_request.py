"""What the mock backend keeps of each request: every byte of it, and what became of its reply."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from technogate.journal.redaction import Redactor
from technogate.model.contract_words import spoken
from technogate.model.events import Body, Ended, Exchange, Headers, Request, Response, header_values

#: What follows the last chunk: the trailers, if any, and an empty line.
_TRAILERS = re.compile(rb"(?:[^\r\n]+\r\n)*\r\n")
_STATUS_LINE = re.compile(rb"(HTTP/\d\.\d) (\d{3})(?: [^\r\n]*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of one reply. `why` is the reason when it was not delivered, "" when it was.

    `client_left` is the time at which the client closed its side, None while it had not.
    """

    delivered: bool
    why: str = ""
    client_left: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """One request as it came in, and what was sent in return.

    `number` counts the requests since the last reset, `connection` the connections since the start;
    `first_on_connection` is false where a connection was used again. `operation` is "" for what the
    contract does not define. `started` is the time of the first byte, `ended` that of the end of the
    reply (or of the client's close); times are seconds since the epoch. `delivery` is None as long
    as the reply is under way. `origin` is which of the two origins received it.
    """

    number: int
    connection: int
    first_on_connection: bool
    origin: Literal["own", "other"]
    base_url: str
    operation: str
    method: str
    target: str
    headers: Headers
    body: bytes
    raw: bytes
    started: float
    ended: float
    sent: bytes
    fault: str
    delivery: Delivery | None
    preflight: bool = False
    defect: str = ""

    def header(self, name: str) -> str | None:
        """The first value of the request header `name`, or None."""
        values = header_values(self.headers, name)
        return values[0] if values else None

    def holds(self, secret: str) -> bool:
        """Whether the bytes of the request hold `secret` as it is."""
        return secret.encode("utf-8") in self.raw


def exchange_of(
    received: RecordedRequest, *, item: str, case: str, new_id: Callable[[], str], redact: Redactor, key_header: str
) -> Exchange:
    """The evidence of one request, with the secret redacted in request and response."""
    headers, _ = redact.headers(received.headers)
    path, _ = redact.clean_text(received.target)
    body, _ = redact.clean(received.body)
    response, error = None, ""
    leaks: tuple[str, ...] = ()
    if received.sent:
        response, error = parse_response(received.sent)
        response, leaks = redact.response(response)
    keys = header_values(received.headers, key_header)
    delivery = received.delivery
    whole = delivery is not None and delivery.delivered and response is not None and not error
    reasons = [error, "the reply is still under way" if delivery is None else delivery.why, received.defect]
    return Exchange(
        id=new_id(),
        item=item,
        case=case,
        responded_by="mock",
        operation=received.operation,
        base_url=received.base_url,
        key=redact.clean_text(spoken().key_in(keys[0]))[0] if keys else "",
        request=Request(method=received.method, path=path, headers=headers, body=Body.of(body)),
        response=response,
        end=Ended.OK if whole else Ended.INDETERMINATE,
        error="; ".join(reason for reason in reasons if reason),
        under_fault=received.fault,
        started=received.started,
        ended=received.ended,
        leaks=leaks,
    )


def parse_response(sent: bytes) -> tuple[Response, str]:
    """The response in the bytes that were sent, and why it is not a complete one ("" if it is).

    Bytes that are no response at all are kept as the body of a response with the status 0. A compressed
    body is kept as it was sent.
    """
    head, end, body = sent.partition(b"\r\n\r\n")
    line, _, fields = head.partition(b"\r\n")
    match = _STATUS_LINE.fullmatch(line)
    if match is None or not end:
        return Response(status=0, body=Body.of(sent)), "what was sent has no whole head"
    headers = tuple(
        (name.decode("latin-1").strip(), value.decode("latin-1").strip())
        for name, colon, value in (field.partition(b":") for field in fields.split(b"\r\n"))
        if colon
    )
    error = ""
    lengths = header_values(headers, "content-length")
    if any("chunked" in value.lower() for value in header_values(headers, "transfer-encoding")):
        body, error = _unchunk(body)
    elif lengths and lengths[0] != str(len(body)):
        error = f"the Content-Length is {lengths[0]}, the body has {len(body)} bytes"
    version, status = match.group(1).decode("ascii"), int(match.group(2))
    return Response(status=status, headers=headers, body=Body.of(body), http_version=version), error


def _unchunk(wire: bytes) -> tuple[bytes, str]:
    """The data of a chunked body, and what is wrong with the chunks; then the bytes as they are."""
    data, rest = b"", wire
    while True:
        line, end, rest = rest.partition(b"\r\n")
        length = line.partition(b";")[0]
        size = int(length, 16) if end and re.fullmatch(rb"[0-9a-fA-F]{1,8}", length) else None
        if size is None:
            return wire, "the chunked body is cut or broken"
        if size == 0:
            return (data, "") if _TRAILERS.fullmatch(rest) else (wire, "the chunked body lacks its last line")
        if rest[size : size + 2] != b"\r\n":
            return wire, "the chunked body is cut or broken"
        data, rest = data + rest[:size], rest[size + 2 :]
