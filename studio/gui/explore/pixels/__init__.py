"""The panel "Pixel by pixel": models that draw value by value, in an order."""
