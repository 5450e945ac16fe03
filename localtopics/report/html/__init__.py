"""The map as a page for any browser."""
