"""gen-studio without a window: the same objects, driven from a terminal, a script or a log.

``commands`` knows the words and what to do when one fails; ``flags`` turns a recipe into options; ``terminal`` shows
progress; the other files are one group of commands each, and are imported only when theirs is asked for.
"""
