"""Measures of samples against real data. Each names its estimator and its unit, and is tested against a closed form.

measure.py   what is measured of a model, its keys and the unit they share
sliced.py    sliced Wasserstein distance, by sorting
exact.py     exact Wasserstein distance between minibatches, by linear programming
modes.py     how many modes of a mixture the samples reach, and how many samples are near one
"""

from studio.metrics.exact import exact_wasserstein
from studio.metrics.measure import Reference, measure
from studio.metrics.modes import coverage
from studio.metrics.sliced import sliced_wasserstein

__all__ = ["Reference", "coverage", "exact_wasserstein", "measure", "sliced_wasserstein"]
