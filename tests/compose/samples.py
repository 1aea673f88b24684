"""Small editions and candidates that the tests of composing share."""

from datetime import UTC, datetime

from digest.collect.article import Article
from digest.collect.lead import Lead, LeadSentence
from digest.compose.edition import Edition, EditionStory, Section, frozen
from digest.compose.story import Candidate


def story(key: str, **facts: object) -> EditionStory:
    """A printed story whose texts can be told from its key."""
    basis = EditionStory(
        key=key, url=f"https://example.org/{key}", title=f"Title {key}", lead=f"Lead {key}.", language="en", outlet="O"
    )
    return EditionStory(**{**{f: getattr(basis, f) for f in basis.__slots__}, **facts})


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


def candidate(key: str, title: str, lead: str, outlet: str = "Herald", **facts: object) -> Candidate:
    """A readable article of this morning from `outlet`, carried by that outlet's feed of topic world."""
    text = f"{lead} Further paragraphs follow in the article itself."
    article = Article(
        source=f"https://{outlet.lower()}.example/{key}",
        url=f"https://{outlet.lower()}.example/{key}",
        title=title,
        language=str(facts.pop("language", "en")),
        text=text,
        lead=Lead((LeadSentence(lead, 0, len(lead)),), "page"),
    )
    basis = {
        "key": article.url,
        "article": article,
        "feed_url": f"https://{outlet.lower()}.example/feed",
        "outlet": outlet,
        "first_seen": datetime(2026, 11, 24, 4, tzinfo=UTC),
        "topics": ("world",),
    }
    return Candidate(**{**basis, **facts})  # type: ignore[arg-type]
