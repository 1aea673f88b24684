"""Checks that a mail must pass before it is sent: structure, client support, contrast, size, template rules."""
