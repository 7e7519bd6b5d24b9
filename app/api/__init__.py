"""The HTTP interface: routes, what they depend on, how they fail."""
