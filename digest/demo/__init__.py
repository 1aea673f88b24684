"""The demo: one invented day of six invented outlets, which `digest demo` shows without any network.

`content` reads the articles, `site` makes feeds and pages of them, `server` serves these on a loopback port, and `show`
runs the day.
"""
