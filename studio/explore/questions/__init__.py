"""What a person can ask of a model, and what comes back. Torch-free: the window writes these, the engine answers.

Each question is captured whole on the side that asks; the answer is computed from a snapshot of the weights,
whether or not that run is training, and never touches the training's random numbers. The answers are in
``studio/engine/answers``, in files of the same names.
"""

from studio.explore.questions.base import AnyQuestion, Pictures, Question, Where
from studio.explore.questions.classes import Classified, Classify
from studio.explore.questions.codes import (
    CodesRead,
    CodeTable,
    CodeTables,
    ReadCodes,
    ReadReal,
    RealRead,
    TabulateCodes,
)
from studio.explore.questions.encoding import Encode, Encoded, Invert, Inverted, Look, Search, Sought
from studio.explore.questions.flows import (
    Attribute,
    ByFactor,
    ByLabel,
    ByPicks,
    DecodeScored,
    Density,
    DensityFound,
    FindAttribute,
    Likelihoods,
    LikelihoodsFound,
    Scored,
    Trace,
    TraceFound,
    Unfold,
    Unfolded,
)
from studio.explore.questions.latent import (
    Decode,
    Decoded,
    Describe,
    Directions,
    DirectionsFound,
    ModelView,
    Nearest,
    NearestFound,
    Through,
    ThroughTime,
)
from studio.explore.questions.measuring import FetchInception, Measure
from studio.explore.questions.real import Browse, Browsed, Real

__all__ = [
    "AnyQuestion",
    "Attribute",
    "Browse",
    "Browsed",
    "ByFactor",
    "ByLabel",
    "ByPicks",
    "Classified",
    "Classify",
    "CodeTable",
    "CodeTables",
    "CodesRead",
    "Decode",
    "DecodeScored",
    "Decoded",
    "Density",
    "DensityFound",
    "Describe",
    "Directions",
    "DirectionsFound",
    "Encode",
    "Encoded",
    "FetchInception",
    "FindAttribute",
    "Invert",
    "Inverted",
    "Likelihoods",
    "LikelihoodsFound",
    "Look",
    "Measure",
    "ModelView",
    "Nearest",
    "NearestFound",
    "Pictures",
    "Question",
    "ReadCodes",
    "ReadReal",
    "Real",
    "RealRead",
    "Scored",
    "Search",
    "Sought",
    "TabulateCodes",
    "Through",
    "ThroughTime",
    "Trace",
    "TraceFound",
    "Unfold",
    "Unfolded",
    "Where",
]
