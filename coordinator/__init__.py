"""Headquarters: takes the facts of all stores once and in order, and knows every unit and cent of the chain."""
