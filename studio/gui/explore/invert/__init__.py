"""The inversion panel: a picture's exact latent by level, changed, and the picture back to the last bit."""
