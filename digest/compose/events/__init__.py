"""Which articles tell the same event: similarity, contradictions, linkage and an outlet's own style."""
