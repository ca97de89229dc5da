"""Zebra (Symbol, Motorola) scanners that speak the Simple Serial Interface: packets with checksum, answer and repetition."""
