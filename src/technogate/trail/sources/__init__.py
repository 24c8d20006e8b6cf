"""Where the audit trail is read: the API, a file of JSON lines, a database."""
