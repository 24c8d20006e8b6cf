"""Tests of the hostile clients: what they send is felt on the wire."""
