"""The codes panel: what a model found by itself, turned by hand, read back, and held against real examples."""
