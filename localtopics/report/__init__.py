"""The map of topics: the scene, composed once, and its two drawings, a PNG picture and an HTML page."""
