"""Constraints on samples: what there is to ask for (:mod:`.table`, without torch), and what each computes."""
