"""The panel: pages rendered here, with one style sheet and one small script of our own."""
