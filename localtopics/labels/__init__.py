"""Topics to names: the prompt, the candidates, the choice among them."""
