"""The measures panel: numbers for a run's samples, each with its estimator."""
