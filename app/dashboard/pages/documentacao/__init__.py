"""The description of the HTTP interface, readable without anybody else's scripts."""
