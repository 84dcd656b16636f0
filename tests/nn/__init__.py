"""Tests of studio/nn."""
