"""The model of settings.toml: one frozen class per table, one field per key, each with its default.

Names are those of the file. `settings.toml` at the top of the project explains every key in one line; a test compares
the two.
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
    """Base of all tables: frozen, unknown keys are errors, defaults are validated too."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True)

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_are_no_answers(cls, value: object, info: ValidationInfo) -> object:
        """Refuse true and false for numbers: pydantic takes them for 1 and 0."""
        if isinstance(value, bool) and cls.model_fields[info.field_name or ""].annotation in (int, float):
            raise ValueError("not a number; write digits only, as in 25")
        return value


class SiteSettings(_Table):
    """`[site]`: the publisher, and the address of the public pages."""

    base_url: BaseAddress = "http://127.0.0.1:8080"
    secret: SecretStr = SecretStr("")
    name: Line = "digest"
    mailbox: OptionalOwnAddress = ""
    postal_address: str = ""
    media_url: OptionalBaseAddress = ""


class StoreSettings(_Table):
    """`[store]`: the database. `url` is an absolute SQLAlchemy URL; it may hold a password and is never shown."""

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
    """One feed of a topic; the file may have the address alone."""

    url: WebAddress
    weight: Annotated[float, Field(gt=0, le=10)] = 1.0


def _feed(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


class TopicSettings(_Table):
    """`[topics.KEY]`: a subject and its feeds."""

    title: Title
    feeds: Many[Annotated[FeedSetting, BeforeValidator(_feed)]] = ()
    include: Many[Line] = ()
    exclude: Many[Line] = ()
    limit: Annotated[int, Field(ge=1, le=100)] = 6
    recurring: Literal["show", "last", "drop"] = "last"


class Sender(_Table):
    """The name and address in From."""

    name: Title
    address: OwnAddress


class LeadSettings(_Table):
    """The length of a lead: a maximum of whole sentences and a rough maximum of characters."""

    sentences: Annotated[int, Field(ge=1, le=3)] = 2
    characters: Annotated[int, Field(ge=60, le=1000)] = 280


class Brand(_Table):
    """`[newsletters.KEY.brand]`: colours, fonts and logo; empty means those of the theme."""

    accent: Colour = "#a3261b"
    accent_dark: OptionalColour = ""
    logo: Picture = ""
    tagline: Line = ""
    title_font: Line = ""
    text_font: Line = ""


class Pause(_Table):
    """Days without an edition, first and last included."""

    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("ends before it begins; let 'last' be the same day as 'first' or later")
        return self


class NewsletterSettings(_Table):
    """`[newsletters.KEY]`: a newsletter's content, calendar and review."""

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
        """Return `timezone` as a ZoneInfo."""
        return ZoneInfo(self.timezone)


class DeliverSettings(_Table):
    """`[deliver]`: the transport, and the policy for deliveries in doubt."""

    transport: Literal["outbox", "smtp"] = "outbox"
    outbox: Beside = Path("outbox")
    in_doubt: Literal["resend", "hold"] = "resend"
    bounce_address: OptionalOwnAddress = ""
    name_servers: Many[NameServer] = ()
    pause_after: Annotated[int, Field(ge=1)] = 20


class SmtpSettings(_Table):
    """`[smtp]` and each `[relays.KEY]`: one mail server. Rates are messages per second, 0 for no limit.

    After a crash at most `connections` times `pipeline` messages are in doubt, summed over the servers.
    """

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 25
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str = ""
    password: SecretStr = SecretStr("")
    token_command: Line = ""
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
    """`[bounces]`: the IMAP mailbox of returned mail, and the secrets of webhooks."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65_535)] = 993
    security: Literal["tls", "none"] = "tls"
    username: str = ""
    password: SecretStr = SecretStr("")
    token_command: Line = ""
    ca_file: Beside | None = None
    folder: str = "INBOX"
    every: Period = timedelta(minutes=15)
    webhook_secret: SecretStr = SecretStr("")
    ses_topics: Many[str] = ()


class WebSettings(_Table):
    """`[web]`: the address that the web server listens on, and its proxies."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"  # an empty host would listen on all addresses
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    proxies: Many[Proxy] = ()


class LlmSettings(_Table):
    """`[llm]`: optional written leads from an OpenAI-compatible endpoint; off without `url`."""

    url: OptionalBaseAddress = ""
    model: str = ""
    key: SecretStr = SecretStr("")
    timeout: Period = timedelta(seconds=20)
    daily: Annotated[int, Field(ge=0)] = 200


class LogSettings(_Table):
    """`[log]`: level and format of the log."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    json_lines: bool = False


class Settings(_Table):
    """All settings, checked. Made by `digest.settings.load`."""

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
        """Keep the path of the file from the validation context."""
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
        """The User-Agent header of requests: `collect.user_agent`, else our name, version and site."""
        return self.collect.user_agent or f"digest/{__version__} (+{self.site.base_url})"

    @property
    def offered(self) -> dict[str, list[str]]:
        """The topics of each newsletter."""
        return {key: list(newsletter.topics) for key, newsletter in self.newsletters.items()}

    @property
    def servers(self) -> tuple[SmtpSettings, ...]:
        """`smtp` and the relays."""
        return (self.smtp, *self.relays.values())

    def require_secret(self) -> str:
        """`site.secret`, which signs links and sessions. Raises SettingsError where there is none."""
        if secret := self.site.secret.get_secret_value():
            return secret
        raise SettingsError(
            "site.secret: empty, but links and sign-in need it",
            remedy="set DIGEST_SITE__SECRET to 32 random characters or "
            "more, or run 'digest init', which keeps one in a file of its own",
        )
