"""Second opinions on a reply: models that read what rules are not sure of. None acts alone."""
