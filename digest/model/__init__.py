"""The nouns of the house as frozen values, their statuses, and the moves those may make."""
