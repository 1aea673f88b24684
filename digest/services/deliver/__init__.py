"""Use cases of delivering: render, send, and take in what comes back."""
