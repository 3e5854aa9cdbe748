"""The pages that anybody may open, one file for each kind."""

from digest.web.public import announcements, editions, front, joining, leaving, managing, media, moving, taking

# The first that fits answers, and what letters lead to is asked for most.
routes = [
    *leaving.routes,
    *managing.routes,
    *joining.routes,
    *moving.routes,
    *taking.routes,
    *front.routes,
    *announcements.routes,
    *editions.routes,
    *media.routes,
]

__all__ = ["routes"]
