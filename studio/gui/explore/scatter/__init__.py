"""The scatter panel: the encoded dataset in two dimensions, by class, with what a person drops among it."""
