"""digest: the day's articles by topic, each cut to its lead, mailed as one beautiful digest.

The chain of nouns, which is also the order of the folders::

    feeds -> entries -> articles -> stories -> edition -> messages -> deliveries
    collect/                        compose/             deliver/

`pipeline` holds the three verbs, `store` all state, `bootstrap` the wiring. A module named with one of our nouns is
pure (values in, values out, time as an argument); a module named for an outside thing (`http`, `feedparser`, `mjml`,
`smtp`) does the I/O, and nothing of that library's types leaves it.
"""

__version__ = "0.1.0"
