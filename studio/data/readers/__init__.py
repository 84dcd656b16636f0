"""One reader per file. Each has ``claim(tree) -> Source | None``: it looks at contents, and takes what it can read.

:data:`ALL` is the list that :func:`studio.data.sources.recognise` asks; a new format is a new file and a line there.
"""
