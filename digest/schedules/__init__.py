"""Schedules: the slots a digest owes, and what a tick does about them."""
