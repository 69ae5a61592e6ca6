"""Screens, each with its style sheet."""
