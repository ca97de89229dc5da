"""A whole simulated store on a bench: ``shopwire sim bench config/bench.toml``.

The bench reads the store file that the edge reads, and stands a simulator at exactly the address where the edge looks for
each device. A page and an HTTP interface are the hands: they scan, weigh, tear paper and pull cables. Scenarios (TOML) are
hands that a test or a demo can lead.
"""
