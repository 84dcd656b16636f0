"""What a person takes away: pictures, animations, weights, whole runs. Every file carries where it came from.

``jobs`` are the questions to the engine, ``provenance`` what each file carries; ``samples``, ``walks``, ``comparison``,
``flows``, ``poses``, ``frames``, ``weights`` and ``bundle`` write, ``figures`` draws curves; ``context`` is what the
engine hands to those that need a model.
"""
