"""Bijections with their log-determinants, and how they are put together. One family per file.

base.py        what a bijection is; chains of named steps
scales.py      several scales: squeeze, steps, factor out half; what is factored out is Gaussian given the rest
"""
