"""The day: figures, whom to call, who answered, the visits."""
