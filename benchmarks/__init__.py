"""Speed and memory, each against its raw limit or a peer in the same run (``script/bench``)."""
