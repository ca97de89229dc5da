"""A whole chain on this machine as child processes: broker, headquarters, edges and the lines between them.

It meets the product only as its users do: processes, files, HTTP and JSON lines.
"""
