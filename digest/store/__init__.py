"""The ledger: rows, and the verbs that read and write them.

Each module names a noun, each function is a verb on it: `deliveries.claim(tx, ...)`. A verb takes
an open transaction and never commits. The same SQLAlchemy Core statements run on SQLite and PostgreSQL.
"""
