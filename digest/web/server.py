"""uvicorn in a thread of its own, started and stopped by plain calls."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence

import uvicorn
from starlette.applications import Starlette

from digest.errors import DigestError


class Server:
    """Serves an application. The socket listens once this is made; `stop` returns when the last response is sent."""

    def __init__(self, app: Starlette, host: str, port: int, proxies: Sequence[str] = ()) -> None:
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,  # paths hold subscribers' tokens
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies) or None,
            timeout_graceful_shutdown=5,
        )
        self._server = uvicorn.Server(config)
        self._socket = _listen(host, port)
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)

    @property
    def url(self) -> str:
        """The URL that it listens at."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])

    def start(self) -> None:
        """Start answering requests."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the requests under way, then end."""
        self._server.should_exit = True
        self._thread.join(timeout=8)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise DigestError(
            f"cannot listen on {host}:{port} ({error.strerror})", "choose another with --port or [web] port"
        ) from error
    return listener
