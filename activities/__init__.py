"""What workflows ask of the outside world: one class per outside thing, its client in the constructor."""
