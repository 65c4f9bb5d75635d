"""The `gangway` command and the embedded stack."""
