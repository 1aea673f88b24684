"""Guarded HTTP for feeds, pages and pictures: public addresses only, robots.txt, limits on size and time."""
