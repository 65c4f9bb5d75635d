"""The one client of language models, and what its calls cost."""
