"""The shell around the domain: load, decide, write down."""
