"""Edits of a stored edition: edit, undo, add an article, insert one late; and the edition's history.

Every operation names the version that its author saw: the second of two authors gets an EditConflict and overwrites
nothing. A change of content voids the approval and the planned recipients, and rewrites the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from digest.collect.article import Article
from digest.compose.composer import printed
from digest.compose.diff import Changed, difference
from digest.compose.edit import Add, Edit, apply
from digest.compose.edition import Edition, EditionState, EditionStory, frozen
from digest.compose.story import Candidate, story
from digest.errors import AlreadySent, ArticleError, EditionError
from digest.services.compose.compose_edition import kept_texts, ledger_rows, outlet_of

if TYPE_CHECKING:
    from digest.store import Store
    from digest.store.editions import EditRecord

_LATE: Final[tuple[EditionState, ...]] = ("approved",)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an edition's history. `what` names the operation; `changes` are those of a change of content."""

    version: int
    at: datetime
    author: str
    what: str
    detail: str = ""
    changes: tuple[Changed, ...] = ()


def edit(store: Store, seen: Edition, change: Edit, author: str, *, now: datetime) -> Edition:
    """Apply an edit to an edition as it was `seen`; return it as stored, waiting for approval.

    An edit that changes no content is not stored and voids no approval: `seen` is returned. Raises EditConflict when
    somebody changed the edition since, AlreadySent when it is being sent, EditionError when the edit names a story that
    the edition does not have.
    """
    changed = apply(seen, change)
    if changed.content_hash == seen.content_hash:
        return seen
    return _save(store, seen, changed, author, _action("edit", change), now)


def undo(store: Store, seen: Edition, author: str, *, now: datetime) -> Edition:
    """Take back the last edit that still stands; undoing again takes back the one before. Raises as `edit` does."""
    standing = _standing(store, seen.id)
    if len(standing) < 2:
        raise EditionError(f"edition {seen.id}: no edit is left to undo")
    target, last = standing[-2], standing[-1]
    content = replace(
        seen,
        sections=target.sections,
        note=target.note,
        subject=target.subject,
        title=target.title,
        version=seen.version + 1,
        state="in_review" if seen.state == "approved" else seen.state,
        approved_hash="",
        approved_by="",
    )
    return _save(store, seen, frozen(content), author, {"do": "undo", "of": last.version}, now)


def insert_late(store: Store, seen: Edition, addition: Add, author: str, *, now: datetime) -> Edition:
    """Insert the one late-breaking story after the freeze into an approved edition, which `author` approves with it.

    Its recipients must be planned again. Raises EditionError when it had its insert already or is not approved (use
    `edit` then), AlreadySent when it is being sent, EditConflict as `edit` does.
    """
    if seen.state in ("sending", "paused", "sent"):
        raise AlreadySent(f"edition {seen.id} is {seen.state}: it is too late for an insert")
    if seen.state not in _LATE:
        raise EditionError(f"edition {seen.id} is {seen.state}", "add the story as an ordinary edit, then approve")
    previous = next((line for line in store.editions.versions(seen.id) if _do(line) == "late"), None)
    if previous is not None:
        when = f"by {previous.author} at {previous.at:%H:%M} UTC"
        raise EditionError(
            f"edition {seen.id} had its late insert, {when}: there is one at most",
            "an ordinary edit is possible, and needs a new approval",
        )
    changed = apply(seen, addition)
    changed = replace(changed, state="approved", approved_hash=changed.content_hash, approved_by=author)
    return _save(store, seen, changed, author, _action("late", addition), now, _LATE)


def added(article: Article, topic: str, title: str, position: int = 0, *, now: datetime) -> Add:
    """Return an article that an editor found as an edit. Raises ArticleError when it has nothing to print."""
    if not article.title:
        raise ArticleError(article.source, article.problem or "no title was found", remedy="name another address")
    candidate = Candidate(
        key=article.url or article.source,
        article=replace(article, url=article.url or article.source),
        feed_url="",
        outlet=outlet_of(article, None),
        first_seen=now,
        topics=(topic,),
        published=article.published,
    )
    return Add(printed(story([candidate])), topic, title, position)


def require_new(seen: Edition, addition: Add) -> None:
    """Raise EditionError when a story of the edition has this article already."""
    urls = {addition.story.url, *addition.story.article_keys}
    same = next((story for story in seen.stories if urls & _urls(story)), None)
    if same is not None:
        raise EditionError(f"edition {seen.id} already has {addition.story.url}, in '{same.title}'")


def history(store: Store, edition_id: str) -> list[Line]:
    """Return every operation on an edition, the oldest first, with its changes of content."""
    lines = []
    before: Edition | None = None
    for record in store.editions.versions(edition_id):
        action = json.loads(record.action)
        after = record.edition
        changes = difference(before, after) if before is not None and after is not None else ()
        before = after or before
        lines.append(Line(record.version, record.at, record.author, _word(action), _detail(action), changes))
    return lines


def changes_since(store: Store, edition: Edition, version: int) -> tuple[Changed, ...]:
    """Return what changed since a version (1 is as composed). Raises EditionError for an unknown version."""
    contents = [
        r.edition for r in store.editions.versions(edition.id) if r.edition is not None and r.version == version
    ]
    if not contents:
        raise EditionError(f"edition {edition.id} has no version {version}; it is at {edition.version}")
    return difference(contents[-1], edition)


def changes_since_approval(store: Store, edition: Edition) -> tuple[Changed, ...]:
    """Return what changed since the last approval, as by a late insert; nothing for an edition never approved."""
    approved = None
    last: Edition | None = None
    for record in store.editions.versions(edition.id):
        last = record.edition or last
        if _do(record) == "approve":
            approved = last
    return difference(approved, edition) if approved is not None else ()


def _save(
    store: Store,
    seen: Edition,
    changed: Edition,
    author: str,
    action: dict[str, Any],
    now: datetime,
    states: Sequence[EditionState] = ("draft", "in_review", "approved"),
) -> Edition:
    words = json.dumps(action, ensure_ascii=False, sort_keys=True, default=str)
    rows = ledger_rows(changed, kept_texts(store, seen))
    store.editions.save(changed, seen.version, author, words, now=now, states=states, ledger=rows)
    return changed


def _standing(store: Store, edition_id: str) -> list[Edition]:
    """Return the contents that edits produced and no undo took back; the first is as composed."""
    standing: list[Edition] = []
    for record in store.editions.versions(edition_id):
        if record.edition is None:
            continue
        if _do(record) == "undo":
            standing.pop()
        else:
            standing.append(record.edition)
    return standing


def _action(do: str, change: Edit) -> dict[str, Any]:
    return {"do": do, "edit": type(change).__name__.lower(), **asdict(change)}


def _do(record: EditRecord) -> str:
    return str(json.loads(record.action).get("do", ""))


def _word(action: dict[str, Any]) -> str:
    do = str(action.get("do", ""))
    return {"edit": str(action.get("edit", "edit")), "late": "late insert"}.get(do, do)


def _detail(action: dict[str, Any]) -> str:
    if action.get("do") == "state":
        reason = action.get("reason")
        return f"{action['from']} → {action['to']}" + (f": {reason}" if reason else "")
    if action.get("do") == "undo":
        return f"of version {action['of']}"
    if action.get("do") == "remind":
        return f"number {action['number']}" if "number" in action else str(action.get("reason", ""))
    return str(action.get("reason") or action.get("hash", "")[:8])


def _urls(printed_story: EditionStory) -> set[str]:
    return {printed_story.url, *printed_story.article_keys}
