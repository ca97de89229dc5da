"""A small chain on this machine, for somebody who looks on."""
