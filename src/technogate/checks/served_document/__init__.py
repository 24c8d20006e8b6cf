"""What an OpenAPI document that a backend serves states against the contract (CTR-02)."""
