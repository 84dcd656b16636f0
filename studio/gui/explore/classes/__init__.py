"""The classes panel: pictures of the classes that a person asks for."""
