"""What all handlers share: who may ask, where work is done, and how an answer leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.handler import ExtensionHandlerMixin

from nbpipe_jupyter.answers import TABLE, BadRequest, describe_failure, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbpipe_jupyter.desk import Desk

_KNOWN = tuple(kind for kind, _, _ in TABLE)


class Handler(ExtensionHandlerMixin, APIHandler):
    """Parses, calls, replies; what may take long is done in the desk's threads."""

    auth_resource = "nbpipe"

    @property
    def desk(self) -> Desk:
        """What the handlers work with."""
        return cast("Desk", self.settings["nbpipe_desk"])

    async def reply(self, call: Callable[..., Any], *args: Any, status: int = 200) -> None:
        """Do blocking work in a thread and answer with what it returns, as JSON."""
        body = await self.desk.do(_encoded, call, *args)
        self.set_status(status)
        await self.finish(body)

    def word(self, name: str) -> str:
        """Return a text in the query as it was sent; empty where it is not there."""
        return self.get_query_argument(name, "", strip=False)

    def whole(self, name: str, default: int, most: int) -> int:
        """Return a number in the query, from 0 to `most`."""
        text = self.get_query_argument(name, str(default))
        if not text.isascii() or not text.isdigit():
            raise BadRequest(f"The query's {name!r} must be a whole number.")
        return min(int(text[:18]), most)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer a failure as JSON, its status taken from the table."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        status, data = describe_failure(error, status_code)
        self.set_status(status)
        self.finish(encode(data))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log a traceback only for what nobody foresaw."""
        if isinstance(value, _KNOWN):
            self.log.debug("%s %s: %s", self.request.method, self.request.path, value)
        else:
            super().log_exception(typ, value, tb)


def _encoded(call: Callable[..., Any], *args: Any) -> bytes:
    return encode(call(*args))
