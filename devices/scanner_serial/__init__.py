"""Serial and USB-CDC barcode scanners that send one line per code."""
