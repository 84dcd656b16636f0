"""The compare page: two to six runs side by side, as curves, as a table of what differs, as sheets at one step.

``page`` puts it together; ``gathered`` reads the runs off the window's thread; ``chips`` chooses them; ``curves``,
``table`` and ``sheets`` show them; ``export`` takes the comparison away.
"""
