"""Announcements to feeds: Atom, RSS 2.0 and JSON Feed, built when something changed."""
