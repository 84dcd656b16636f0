"""What is answered to each kind of question. No question touches torch's global generator while a run trains.

``answer(question, Context())`` works in any process: the engine's lanes call it, and so does the command line.

classes.py     whether what was drawn is of the class that was asked for
constraints.py what samples can be asked for, and how they do
codes.py       codes read off examples, made and real; codes against labels
flows.py       exact inversion, likelihoods, attributes, densities of points
encoding.py    latents of real examples: by an encoder, or searched for
inferring.py   a bound by its parts, active units, a dataset in a plane
following.py   one point of a flow in the plane through all steps and back
latent.py      decoding, directions, neighbours, through time
models.py      which models there are, and which recipe suits
pixels.py      drawing value by value, completing, and how surprising each value is
pose.py        people in other poses
real.py        real examples: those of the dataset, and picture files that a person brings
rules.py       what a student and its rule-following teacher say of sentences
measuring.py   measures against held-out data
taking.py      exports
experiments.py conclusions of experiments (the question is studio.experiments.questions.Conclude)
"""

from studio.engine.answers import (
    classes,
    codes,
    constraints,
    encoding,
    experiments,
    flows,
    following,
    inferring,
    latent,
    measuring,
    models,
    pixels,
    pose,
    real,
    rules,
    taking,
)
from studio.engine.answers.base import answer
from studio.engine.context import Context

__all__ = [
    "Context",
    "answer",
    "classes",
    "codes",
    "constraints",
    "encoding",
    "experiments",
    "flows",
    "following",
    "inferring",
    "latent",
    "measuring",
    "models",
    "pixels",
    "pose",
    "real",
    "rules",
    "taking",
]
