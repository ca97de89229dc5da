"""A signal light whose lamps hang on a relay board with a serial port."""
