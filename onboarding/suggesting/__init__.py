"""What is suggested to a company on its way in: by rules here, and what is asked of a model and taken from it."""
