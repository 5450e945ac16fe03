"""Generated vectors around a few directions."""

from __future__ import annotations

import numpy as np

from localtopics.topics.neighbors import directions


def groups(*sizes: int, dimensions: int = 48, spread: float = 0.05, seed: int = 0) -> np.ndarray:
    """Unit vectors around one random direction for each size."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(len(sizes), dimensions)) / dimensions**0.5
    noise = random.normal(size=(sum(sizes), dimensions))
    return directions((np.repeat(centres, sizes, axis=0) + spread * noise).astype(np.float32))
