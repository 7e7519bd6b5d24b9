"""What Confirma decides: values and `now` in, decisions out."""
