"""Customer displays on a serial line: two rows of characters, or one price and its lamp."""
