"""The page where a person sets up a training and watches it: sample sheet, curves, recipe, controls."""
