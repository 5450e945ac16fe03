"""Chat models behind a server of this machine that speaks the OpenAI-compatible protocol."""
