"""A folder that holds every stage's result, goes on from it, and can be opened by any later release."""
