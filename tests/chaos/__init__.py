"""What happens to answers while processes die: the real stack, killed on purpose."""
