"""Putting headquarters together: the one place that knows every concrete class."""

from coordinator.bootstrap.house import House, admin_token
from coordinator.bootstrap.run import Run, serve
from coordinator.bootstrap.signposts import published, running_pid

__all__ = ["House", "Run", "admin_token", "published", "running_pid", "serve"]
