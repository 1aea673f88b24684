"""Lists of subscribers as CSV: files of other programs read into people and their consent, and our own export."""
