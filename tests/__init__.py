"""The tests; their folders mirror studio/."""
