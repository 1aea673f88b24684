"""Use cases of collecting: poll feeds, read their articles, keep the list of feeds."""
