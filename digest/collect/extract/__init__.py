"""Page bytes to an article: clean text, language, credit and lead, with a reason for everything that is removed."""
