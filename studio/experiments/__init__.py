"""Papers' figures to make again: one file per experiment, as there is one per model.

An experiment is a recipe or a few, a dataset, what the paper reports, and how what this machine got is held against
it. Its name is the file's name; it appears in the window's gallery, in ``gen-studio experiments`` and as
``gen-studio experiment NAME`` as soon as the file is there.

The file defines one :class:`~studio.experiments.core.experiment.Experiment`. Files load without torch: the window
lists them. Only ``conclude`` needs it, and imports inside itself.

core/experiment.py   the words: experiment, preset, planned run, figure, findings
core/catalog.py      which experiments there are
core/material.py     the datasets that an experiment needs: at hand or not, read, remembered
core/attempts.py     attempts on disk, each a folder that explains itself
core/concluding.py   from trained runs to findings (called in the engine, or by the command line)
core/running.py      an attempt from beginning to end without a window
questions.py         what the window asks the engine
"""
