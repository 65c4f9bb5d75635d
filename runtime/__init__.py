"""What the API and the worker both need: settings, Temporal, encryption, telemetry, context."""
