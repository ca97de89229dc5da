"""Cash drawers that hang on a receipt printer."""
