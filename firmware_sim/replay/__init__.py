"""A real year of groceries, sold again: the source, its way into the chain, and the reckoning at the end."""
