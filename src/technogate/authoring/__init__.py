"""What a contract's author needs: a folder from an OpenAPI document, what a folder lacks, what a change breaks."""
