"""Electronic shelf labels behind a gateway that speaks HTTP and JSON."""
