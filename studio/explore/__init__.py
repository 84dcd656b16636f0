"""The arithmetic behind the panels: questions that one can ask of a model, and ways through a latent. No torch."""
