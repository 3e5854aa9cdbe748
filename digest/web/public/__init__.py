"""The pages that anybody may open, one file for each kind."""

from digest.web.public import announcements, editions, front, joining, leaving, managing, media

routes = [
    *front.routes,
    *announcements.routes,
    *editions.routes,
    *media.routes,
    *joining.routes,
    *leaving.routes,
    *managing.routes,
]

__all__ = ["routes"]
