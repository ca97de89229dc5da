"""What headquarters keeps: one set of tables for SQLite and PostgreSQL."""
