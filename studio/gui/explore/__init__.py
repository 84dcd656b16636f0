"""The Explore page: panels that take a run's model apart by hand, one for each thing that it can do."""
