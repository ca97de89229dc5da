"""One store: drives its hardware, sells with or without a line, and keeps every sale on disk until headquarters has it."""
