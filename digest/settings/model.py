"""The shape of settings.toml: one frozen model a table, one field a key, each with its default.

Names are those of the file. `settings.toml` at the top of the project explains every key in one line; a test keeps
the two alike. Reading, the environment and error texts are in `digest.settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from digest import __version__
from digest.errors import SettingsError
from digest.settings.types import (
    Address,
    BaseAddress,
    Beside,
    Clocks,
    Colour,
    Duration,
    HolidayPlace,
    Key,
    Language,
    Line,
    Many,
    Monthday,
    NameServer,
    OptionalBaseAddress,
    OptionalColour,
    OptionalOwnAddress,
    OwnAddress,
    Period,
    Picture,
    Proxy,
    Size,
    StoreUrl,
    Title,
    WebAddress,
    Zone,
    once_each,
)

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Review = Literal["auto", "required", "window"]
IfUnreviewed = Literal["send", "hold", "skip"]


class _Table(BaseModel):
    """A table of the file: unknown keys are errors, nothing changes after loading, defaults obey the same rules."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True)

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_are_no_answers(cls, value: object, info: ValidationInfo) -> object:
        """Refuse true and false where a number stands: they would count as 1 and 0."""
        if isinstance(value, bool) and cls.model_fields[info.field_name or ""].annotation in (int, float):
            raise ValueError("not a number; write digits only, as in 25")
        return value


class SiteSettings(_Table):
    """`[site]`: who publishes, and where readers' links lead."""

    base_url: BaseAddress = "http://127.0.0.1:8080"
    secret: SecretStr = SecretStr("")
    name: Line = "digest"
    mailbox: OptionalOwnAddress = ""
    postal_address: str = ""
    media_url: OptionalBaseAddress = ""


class StoreSettings(_Table):
    """`[store]`: the database. `url` is for SQLAlchemy, absolute; it may hold a password, so it is never shown."""

    url: Annotated[StoreUrl, Field(repr=False)] = "sqlite:///digest.db"


class CollectSettings(_Table):
    """`[collect]`: how feeds and pages are fetched and read."""

    every: Period = timedelta(minutes=30)
    timeout: Period = timedelta(seconds=30)
    concurrency: Annotated[int, Field(ge=1, le=1000)] = 32
    per_host: Annotated[int, Field(ge=1, le=100)] = 2
    max_body: Size = 10_000_000
    user_agent: Line = ""
    allow_private_networks: bool = False
    processes: Annotated[int, Field(ge=0, le=256)] = 0
    keep: Period = timedelta(days=60)


class FeedSetting(_Table):
    """One feed of a topic; in the file it may be the bare address."""

    url: WebAddress
    weight: Annotated[float, Field(gt=0, le=10)] = 1.0


def _feed(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


class TopicSettings(_Table):
    """`[topics.KEY]`: a subject area and the feeds that bring it."""

    title: Title
    feeds: Many[Annotated[FeedSetting, BeforeValidator(_feed)]] = ()
    include: Many[Line] = ()
    exclude: Many[Line] = ()
    limit: Annotated[int, Field(ge=1, le=100)] = 6


class Sender(_Table):
    """What stands in From."""

    name: Title
    address: OwnAddress


class LeadSettings(_Table):
    """How much of an article is shown: at most so many whole sentences, about so many characters."""

    sentences: Annotated[int, Field(ge=1, le=3)] = 2
    characters: Annotated[int, Field(ge=60, le=1000)] = 280


class Brand(_Table):
    """`[newsletters.KEY.brand]`: a theme's colours and logo. Empty means the theme's own."""

    accent: Colour = "#a3261b"
    accent_dark: OptionalColour = ""
    logo: Picture = ""
    tagline: Line = ""
    title_font: Line = ""
    text_font: Line = ""


class Pause(_Table):
    """Days without an edition, both ends included."""

    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("ends before it begins; let 'last' be the same day as 'first' or later")
        return self


class NewsletterSettings(_Table):
    """`[newsletters.KEY]`: what people sign up to, when it goes out, and who looks at it first."""

    title: Title
    language: Language = "en"
    timezone: Zone = "UTC"
    sender: Sender
    reply_to: OptionalOwnAddress = ""
    topics: Annotated[Many[str], Field(min_length=1), AfterValidator(once_each)]
    subject: Line = ""
    theme: Line = "classic"
    pictures: Literal["linked", "inline", "none"] = "linked"
    lead: LeadSettings = LeadSettings()
    brand: Brand = Brand()
    clients: Many[Line] = ()
    postal_address: str = ""
    # the calendar
    send_at: Annotated[Clocks, Field(min_length=1)] = (time(7, 0),)
    days: Annotated[Many[Weekday], Field(min_length=1)] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    monthdays: Many[Monthday] = ()
    skip_dates: Many[date] = ()
    holidays: HolidayPlace = ""
    on_holiday: Literal["merge", "skip"] = "merge"
    pauses: Many[Pause] = ()
    cut_off: Duration = timedelta(minutes=45)
    max_late: Duration = timedelta(hours=3)
    max_age: Period = timedelta(days=2)
    local_time: bool = False
    # the choice
    min_stories: Annotated[int, Field(ge=0)] = 3
    max_stories: Annotated[int, Field(ge=0)] = 0
    outlet_limit: Annotated[int, Field(ge=0)] = 0
    # the review
    review: Review = "window"
    if_unreviewed: IfUnreviewed = "send"
    remind: Duration = timedelta(minutes=15)
    editors: Many[Address] = ()

    @property
    def zone(self) -> ZoneInfo:
        """`timezone` as an object."""
        return ZoneInfo(self.timezone)


class DeliverSettings(_Table):
    """`[deliver]`: how messages leave, and what happens in doubt."""

    transport: Literal["outbox", "smtp"] = "outbox"
    outbox: Beside = Path("outbox")
    in_doubt: Literal["resend", "hold"] = "resend"
    bounce_address: OptionalOwnAddress = ""
    name_servers: Many[NameServer] = ()
    pause_after: Annotated[int, Field(ge=1)] = 20


class SmtpSettings(_Table):
    """`[smtp]`, and each `[relays.KEY]` beside it: one mail server. Rates are messages a second, 0 without limit.

    After a crash at most `connections` times `pipeline` messages are in doubt, summed over the servers.
    """

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 25
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    ca_file: Beside | None = None
    hello: Line = ""
    connections: Annotated[int, Field(ge=1, le=200)] = 8
    pipeline: Annotated[int, Field(ge=1, le=100)] = 8
    chunking: bool = True
    messages_per_connection: Annotated[int, Field(ge=1)] = 1000
    per_domain: Annotated[int, Field(ge=0)] = 0
    domain_rate: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    rate: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    timeout: Period = timedelta(seconds=60)
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0


class DkimSettings(_Table):
    """`[dkim.KEY]`: one signature. The private key (PEM) is `key`, by environment, or the file `key_file`."""

    domain: str = Field(min_length=1)
    selector: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]*$")] = ""
    key: SecretStr = SecretStr("")
    key_file: Beside | None = None

    @model_validator(mode="after")
    def _has_a_key(self) -> Self:
        if not self.key_file and not self.key.get_secret_value():
            raise ValueError("no private key; name its file in key_file, which 'digest dkim keygen' makes")
        return self


class BouncesSettings(_Table):
    """`[bounces]`: the mailbox (IMAP) that returned mail goes to, and secrets of webhooks."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65_535)] = 993
    security: Literal["tls", "none"] = "tls"
    username: str = ""
    password: SecretStr = SecretStr("")
    ca_file: Beside | None = None
    folder: str = "INBOX"
    every: Period = timedelta(minutes=15)
    webhook_secret: SecretStr = SecretStr("")
    ses_topics: Many[str] = ()


class WebSettings(_Table):
    """`[web]`: where the desk and the readers' pages listen, behind which proxies."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"  # an empty one would listen everywhere
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    proxies: Many[Proxy] = ()


class LlmSettings(_Table):
    """`[llm]`: optional written leads from an OpenAI-compatible endpoint; no `url`, none of it."""

    url: OptionalBaseAddress = ""
    model: str = ""
    key: SecretStr = SecretStr("")
    timeout: Period = timedelta(seconds=20)
    daily: Annotated[int, Field(ge=0)] = 200


class LogSettings(_Table):
    """`[log]`: what is told while working."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    json_lines: bool = False


class Settings(_Table):
    """Everything in settings.toml and the environment, checked. Made by `digest.settings.load`."""

    site: SiteSettings = SiteSettings()
    store: StoreSettings = StoreSettings()
    collect: CollectSettings = CollectSettings()
    topics: Mapping[Key, TopicSettings] = {}
    newsletters: Mapping[Key, NewsletterSettings] = {}
    deliver: DeliverSettings = DeliverSettings()
    smtp: SmtpSettings = SmtpSettings()
    relays: Mapping[Key, SmtpSettings] = {}
    dkim: Mapping[Key, DkimSettings] = {}
    bounces: BouncesSettings = BouncesSettings()
    web: WebSettings = WebSettings()
    llm: LlmSettings = LlmSettings()
    log: LogSettings = LogSettings()

    _path: Path = PrivateAttr(default=Path("settings.toml"))

    def model_post_init(self, context: Any) -> None:
        """Remember the file that these settings came from."""
        self._path = (context or {}).get("path", self._path)

    @property
    def path(self) -> Path:
        """The settings file."""
        return self._path

    @property
    def folder(self) -> Path:
        """The folder of the settings file; relative paths in it start here."""
        return self._path.parent

    @property
    def user_agent(self) -> str:
        """How requests introduce themselves: `collect.user_agent`, else our name, version and site."""
        return self.collect.user_agent or f"digest/{__version__} (+{self.site.base_url})"

    @property
    def offered(self) -> dict[str, list[str]]:
        """What people can sign up to: the topics of each newsletter."""
        return {key: list(newsletter.topics) for key, newsletter in self.newsletters.items()}

    @property
    def servers(self) -> tuple[SmtpSettings, ...]:
        """`smtp` and the relays beside it."""
        return (self.smtp, *self.relays.values())

    def require_secret(self) -> str:
        """`site.secret`, which signs links and sessions. Raises SettingsError where there is none."""
        if secret := self.site.secret.get_secret_value():
            return secret
        raise SettingsError(
            "site.secret: empty, but links and sign-in need it; set DIGEST_SITE__SECRET to 32 random characters or "
            "more, or run 'digest init', which keeps one in a file of its own"
        )
