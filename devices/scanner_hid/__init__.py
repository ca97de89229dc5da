"""Scanners that are keyboards: read from the kernel, grabbed, and never let near a window."""
