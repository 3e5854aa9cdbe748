"""Collect: sources say items; items become announcements, each told once."""
