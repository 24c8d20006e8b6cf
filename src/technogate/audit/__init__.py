"""The audit trail of a pair under test, wherever it is kept."""

from __future__ import annotations

from technogate.audit.api import ApiSource
from technogate.audit.jsonl import JsonlSource
from technogate.audit.source import AuditSource, TrailError, open_source
from technogate.audit.sql import SqlSource

__all__ = ["ApiSource", "AuditSource", "JsonlSource", "SqlSource", "TrailError", "open_source"]
