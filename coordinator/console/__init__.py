"""The live page of headquarters: plain files of our own, no third-party code, nothing from another host."""
