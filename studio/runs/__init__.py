"""Runs on disk: ``folder`` is one of them, ``library`` all, ``curves`` how one went, ``differences`` of several.

``incoming`` takes in a run that came as one file. No torch and no Qt: the window reads these.
"""
