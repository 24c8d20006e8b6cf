"""What an OpenAPI document that a backend serves says against the contract (CTR-02)."""
