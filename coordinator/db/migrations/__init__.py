"""Alembic's place: each revision takes a database one step on."""
