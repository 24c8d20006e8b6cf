"""What a contract folder lacks, contradicts or cannot have tested, line by line."""
