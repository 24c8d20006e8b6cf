"""Generated requests: drawn from the contract, sent once, judged by every requirement that they concern."""
