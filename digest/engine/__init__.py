"""What makes work happen: a bell that rings jobs by key, and a clock that ticks.

The ledger says what is owed; a ring is only a hint. Lost or heard twice, it changes nothing but the minute.
"""
