"""A camera that reads image files: photographs from a phone, a folder, a test corpus."""
