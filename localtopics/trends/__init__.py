"""Topics over time, by group, and by group over time: counts, shares, and what is sure about them."""
