"""Thin workflows: ask the domain, call activities, wait."""
