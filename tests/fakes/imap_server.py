"""A small IMAP server for tests: one user, folders in memory, only the commands for polling a mailbox (RFC 3501)."""

from __future__ import annotations

import base64
import re
import socketserver
import threading
from dataclasses import dataclass, field
from typing import Self


@dataclass
class ImapServer:
    """`folders` hold mails as bytes, by uid; change them before polling and look at them afterwards."""

    password: str = "secret"
    token: str = ""  # set: it takes XOAUTH2 with this token, and no password
    folders: dict[str, dict[int, bytes]] = field(default_factory=lambda: {"INBOX": {}})
    drop_after_moves: int = 10**9
    moves: int = 0
    namespace: str = ""  # required prefix of new folder names
    sizes: dict[int, int] = field(default_factory=dict)  # wrong sizes to report, by uid
    fetched: list[int] = field(default_factory=list)
    port: int = 0
    _uid: int = 0

    def add(self, data: bytes, folder: str = "INBOX") -> None:
        """Add a mail."""
        self._uid += 1
        self.folders.setdefault(folder, {})[self._uid] = data

    def __enter__(self) -> Self:
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _Session(outer, self).run()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Session:
    def __init__(self, server: ImapServer, handler: socketserver.StreamRequestHandler) -> None:
        self.server, self.read, self.write = server, handler.rfile, handler.wfile
        self.folder = "INBOX"
        self.deleted: set[int] = set()

    def say(self, text: str | bytes) -> None:
        """Send one line."""
        self.write.write((text.encode() if isinstance(text, str) else text) + b"\r\n")

    def run(self) -> None:
        """Serve until logout."""
        self.say("* OK ready")
        while line := self.read.readline():
            tag, _, rest = line.decode("utf-8").strip().partition(" ")
            name, _, argument = rest.partition(" ")
            if name.upper() == "UID":
                name, _, argument = argument.partition(" ")
            method = getattr(self, f"do_{name.lower()}", None)
            if method is None:
                self.say(f"{tag} BAD unknown")
                continue
            answer = method(argument)
            if answer is None:
                return
            self.say(f"{tag} {answer}")
            if name.upper() == "LOGOUT":
                return

    def do_capability(self, _: str) -> str:
        self.say("* CAPABILITY IMAP4rev1" + (" LOGINDISABLED AUTH=XOAUTH2" if self.server.token else ""))
        return "OK done"

    def do_login(self, argument: str) -> str:
        return "OK in" if self.server.password in argument else "NO [AUTHENTICATIONFAILED] wrong password"

    def do_authenticate(self, _: str) -> str:
        self.say("+ ")
        text = base64.b64decode(self.read.readline()).decode()
        if self.server.token and text == f"user=bounces\x01auth=Bearer {self.server.token}\x01\x01":
            return "OK in"
        self.say("+ " + base64.b64encode(b'{"status":"400"}').decode())
        self.read.readline()
        return "NO [AUTHENTICATIONFAILED] wrong token"

    def do_select(self, argument: str) -> str:
        self.folder = argument.strip('"')
        if self.folder not in self.server.folders:
            return "NO no such folder"
        self.say(f"* {len(self.server.folders[self.folder])} EXISTS")
        return "OK [READ-WRITE] selected"

    def do_list(self, _: str) -> str:
        for name in self.server.folders:
            self.say(f'* LIST () "." "{name}"')
        return "OK done"

    def do_create(self, argument: str) -> str:
        name = argument.strip('"')
        if name in self.server.folders:
            return "NO [ALREADYEXISTS] it exists"
        if not name.startswith(self.server.namespace):
            return "NO [CANNOT] the prefix is INBOX."
        self.server.folders[name] = {}
        return "OK created"

    def do_search(self, _: str) -> str:
        self.say("* SEARCH " + " ".join(str(uid) for uid in self.server.folders[self.folder]))
        return "OK done"

    def do_fetch(self, argument: str) -> str:
        wanted, _, items = argument.partition(" ")
        for number, uid in enumerate(self._uids(wanted), 1):
            data = self.server.folders[self.folder][uid]
            if "BODY" not in items:
                size = self.server.sizes.get(uid, len(data))
                self.say(f"* {number} FETCH (UID {uid} RFC822.SIZE {size})")
                continue
            self.server.fetched.append(uid)
            self.say(f"* {number} FETCH (UID {uid} FLAGS () RFC822.SIZE {len(data)} BODY[] {{{len(data)}}}")
            self.write.write(data)
            self.say(")")
        return "OK done"

    def do_copy(self, argument: str) -> str | None:
        wanted, _, name = argument.partition(" ")
        target = self.server.folders.get(name.strip('"'))
        if target is None:
            return "NO [TRYCREATE] no such folder"
        self.server.moves += 1
        if self.server.moves > self.server.drop_after_moves:
            return None
        for uid in self._uids(wanted):
            target[uid] = self.server.folders[self.folder][uid]
        return "OK copied"

    def do_store(self, argument: str) -> str:
        if "\\Deleted" in argument:
            self.deleted.update(self._uids(argument.partition(" ")[0]))
        return "OK stored"

    def do_expunge(self, _: str) -> str:
        for uid in self.deleted:
            self.server.folders[self.folder].pop(uid, None)
        self.deleted.clear()
        return "OK expunged"

    def do_logout(self, _: str) -> str:
        self.say("* BYE")
        return "OK done"

    def _uids(self, wanted: str) -> list[int]:
        numbers = [int(n) for n in re.findall(r"\d+", wanted)]
        return [uid for uid in list(self.server.folders[self.folder]) if uid in numbers]
