"""The reading model that runs here: letters, words and grammar, weighed by what labelled replies taught."""
