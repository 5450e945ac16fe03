"""The map of topics: its scene, and the drawings of it."""
