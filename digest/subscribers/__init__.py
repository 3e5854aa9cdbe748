"""People: their addresses, their consent and its evidence, the tokens in their links, and leaving."""
