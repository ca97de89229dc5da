"""A signal light whose lamps hang on lines of a GPIO chip, as on a Raspberry Pi."""
