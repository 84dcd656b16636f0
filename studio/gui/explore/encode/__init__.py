"""The encode panel: real examples to latents and back, by an encoder or by search, with the error that is left."""
