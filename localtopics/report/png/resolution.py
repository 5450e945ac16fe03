"""How many pixels the picture has."""

DPI = 200
PIXELS_PER_POINT = DPI / 72
"""A point is the printer's unit, 1/72 inch, in which matplotlib measures fonts and dots."""
