"""A day that never was, in six outlets that do not exist: what `digest demo` shows without any network.

`content` reads the articles, `site` makes feeds and pages of them, `server` puts these on a loopback port.
"""
