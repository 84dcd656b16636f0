"""Measures of samples against real data. Each names its estimator and its unit, and is tested against a closed form."""
