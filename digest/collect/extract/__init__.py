"""Turn the bytes of a page into an article: clean text, language, credit, lead, and a reason for each removed piece.

`reading.py` is the entry point: `read_item`, `read_many`, `read_together`.
"""
