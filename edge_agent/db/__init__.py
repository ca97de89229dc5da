"""The journal: one SQLite file with one writer thread (WAL, FULL), where a sale is one commit."""
