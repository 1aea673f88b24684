"""Use cases of composing: make editions, edit, approve and explain them."""
