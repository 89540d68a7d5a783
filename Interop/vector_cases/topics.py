"""Vectors/kindred/topics.json."""

from .topics_bodies import bodies
from .topics_posts import posts, unopenable
from .topics_proofs import orders, proofs, rights, settings


def build() -> dict:
    return {
        "proofs": proofs(),
        "orders": orders(),
        "rights": rights(),
        "settings": settings(),
        "bodies": bodies(),
        "posts": posts(),
        "unopenable": unopenable(),
    }
