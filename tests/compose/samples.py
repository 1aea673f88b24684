"""Small editions and candidates that the tests of composing share."""

from datetime import UTC, datetime

from digest.compose.edition import Edition, EditionStory, Section, frozen


def story(key: str, **facts: object) -> EditionStory:
    """A printed story whose texts can be told from its key."""
    basis = EditionStory(
        key=key, url=f"https://example.org/{key}", title=f"Title {key}", lead=f"Lead {key}.", language="en", outlet="O"
    )
    return EditionStory(**{**{f: getattr(basis, f) for f in basis.__slots__}, **facts})  # type: ignore[arg-type]


def edition(**facts: object) -> Edition:
    """An edition in review: section world with a and b, section culture with c."""
    basis = {
        "id": "morning-2026-11-24-0700",
        "newsletter": "morning",
        "slot": "2026-11-24T07:00",
        "send_at": datetime(2026, 11, 24, 6, tzinfo=UTC),
        "cut_off": datetime(2026, 11, 24, 5, 15, tzinfo=UTC),
        "title": "The Morning",
        "language": "en",
        "timezone": "Europe/Paris",
        "sections": (
            Section("world", "World", (story("a"), story("b"))),
            Section("culture", "Culture", (story("c"),)),
        ),
        "state": "in_review",
    }
    return frozen(Edition(**{**basis, **facts}))  # type: ignore[arg-type]
