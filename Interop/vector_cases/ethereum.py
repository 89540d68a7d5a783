"""eth_account, without what importing it does to the whole process."""

import sys

# A library that it brings along raises the limit so far that deeply nested input overflows the stack.
_limit = sys.getrecursionlimit()
from eth_account import Account  # noqa: E402
from eth_account.messages import encode_defunct  # noqa: E402

sys.setrecursionlimit(_limit)

__all__ = ["Account", "encode_defunct"]
