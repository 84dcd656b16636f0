"""The page of experiments: papers' figures to make again, what was reported, and what this machine got.

conductor.py   takes attempts through the session's queue to their conclusions, whichever page is shown
under_way.py   an attempt that this window is at
seen.py        what is on disk: experiments, attempts, datasets at hand; read by workers
page.py        the gallery, and one experiment at a time
gallery.py, card.py          one card for each experiment
detail.py, paper.py, ask.py  one experiment: the paper's side, and what to run
attempts.py, findings.py     this machine's side: every attempt, and what came out of one
"""
