"""Topics to names: the prompt, the candidates, the choice among them, and how good the names are."""
