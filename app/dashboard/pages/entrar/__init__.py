"""Coming in, going out, the second factor, the first password."""
