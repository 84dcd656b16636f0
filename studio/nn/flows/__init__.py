"""Bijections with their log-determinants, and how they are put together. One family per file.

base.py        what a bijection is; chains of named steps
scales.py      several scales: squeeze, steps, factor out half; what is factored out is Gaussian given the rest
recompute.py   gradients through a chain that keeps its last output alone
actnorm.py     a scale and a bias per channel, set by the first batch
mixing.py      invertible 1×1 convolutions, and permutations
glow.py        a step of Glow: actnorm, mixing, coupling of channels
masked.py      couplings whose masks are checkerboards, channels, every other value: RealNVP, NICE
batch_norm.py  batch normalisation with running statistics and its volume
scaling.py     one scale per value; logistic values made normal
"""
