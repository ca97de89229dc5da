"""What commands of the terminal share, and the groups of commands that have their own file."""
