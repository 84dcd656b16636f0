"""The library page: runs and datasets as list and gallery, found, named, tagged, kept and let go.

``page`` holds the two tabs; ``runs`` and ``datasets`` one each; ``details`` the panel beside the runs. ``row`` is
what is shown of a run, ``model`` the Qt models over such rows, ``thumbnails`` decodes pictures off the window's thread,
``actions`` are the verbs, and ``edits`` what undo takes back.
"""
