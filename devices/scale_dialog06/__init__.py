"""Tariff scales that speak Dialog 06: they work out the price and want proof of who talks to them."""
