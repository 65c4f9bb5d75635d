"""What Gangway's promises cost, measured beside a bare Temporal loop: `python -m tests.bench --help`."""
