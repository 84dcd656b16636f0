"""Gen Studio: a laboratory for generative models. The layers are drawn in README.md; arrows point down only."""

__version__ = "0.1.0"
