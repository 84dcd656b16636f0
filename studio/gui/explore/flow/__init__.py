"""The flow panel: points in the plane, bent step by step from the prior to the data."""
