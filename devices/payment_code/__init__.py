"""Payment by the shopper's code (付款码) through a provider that speaks signed JSON over HTTP; see ``protocol.md``."""
