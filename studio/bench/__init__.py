"""Speed and memory, measured as ratios, both sides alternated in one run: `gen-studio bench`."""
