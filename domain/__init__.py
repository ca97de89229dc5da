"""The shop's language: values and decisions, no input or output of any kind."""
