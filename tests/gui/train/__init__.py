"""Tests of the training page."""
