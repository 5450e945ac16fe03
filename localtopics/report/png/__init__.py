"""The map as a PNG picture."""
