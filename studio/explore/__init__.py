"""The arithmetic behind the panels.

questions.py   what a person can ask of a model, and what comes back; torch-free
latents.py     ways through a latent: paths, arithmetic, lattices; NumPy only
codes.py       codes and classes: traversals, and codes against labels; NumPy, and scipy for the assignment
directions.py  the directions of a latent in which the pictures change most; needs torch
flows.py       exact inversion: there and back, strangers, attributes, densities of points; needs torch
warping.py     flows of points in the plane, step by step; NumPy only
flow_pictures.py  the same drawn; NumPy only
inversion.py   the latent that draws an example, by descent; needs torch
completion.py  examples drawn value by value, round what is known; how surprising each value is; needs torch
drawings.py    the same as it looked on the way; NumPy only
nearest.py     the training examples nearest to a picture; needs torch
"""
