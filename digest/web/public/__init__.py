"""The pages that anybody may open, one file for each kind."""

from digest.web.public import announcements, editions, front, joining, leaving, managing, media, moving, taking

routes = [
    *front.routes,
    *announcements.routes,
    *editions.routes,
    *media.routes,
    *joining.routes,
    *leaving.routes,
    *managing.routes,
    *moving.routes,
    *taking.routes,
]

__all__ = ["routes"]
