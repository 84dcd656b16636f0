"""The pose panel: a person of the dataset, a skeleton dragged by hand, and that person in that pose."""
