"""A store's hardware behind small ports: what it is (``ports``), how it fails (``errors``), who drives it (``registry``)."""
