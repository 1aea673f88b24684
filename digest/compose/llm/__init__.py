"""Leads written by a language model: asked for over HTTP, and accepted only where the sources say the same."""
