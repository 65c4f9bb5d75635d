"""The pure domain of Gangway: flows, runs and their rules. No I/O, no clock, no framework but msgspec."""
