"""The worker process: runs workflows and activities, applies the schedules."""
