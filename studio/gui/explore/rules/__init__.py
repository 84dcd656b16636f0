"""Sentences and rules: what a student says, what its teacher makes of it, and how."""
