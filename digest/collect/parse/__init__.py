"""Feed bytes to entries: feedparser in a sandbox, JSON Feed, repair of broken XML, normalised fields and dates."""
