"""What the commands' tests share with those of the rooms."""

from tests.models.conftest import home, hub, model

__all__ = ["home", "hub", "model"]
