"""The three verbs, collect, compose, deliver, and `day`, which says when; `ports` is what they need from outside."""
