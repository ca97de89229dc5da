"""ESC/POS receipt printers on the network or a serial line."""
