"""Label printers that speak ZPL II (Zebra and those that imitate it)."""
