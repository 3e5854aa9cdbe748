"""Alembic's folder: one file a change of the schema, in `versions`."""
