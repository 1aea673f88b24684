"""settings.toml and the environment, as one frozen `Settings`.

    settings = load()                  # --settings PATH, else $DIGEST_SETTINGS, else ./settings.toml
    settings.newsletters["morning"].send_at

`load` reads and checks, `model` is the shape of the file, `types` the kinds of value, `environment` the overrides,
`problems` the messages, `file` changes the file (feeds) and keeps a secret beside it.
"""

from digest.settings.file import add_feed, add_topic, ensure_secret, remove_feed
from digest.settings.load import find, from_data, load
from digest.settings.model import (
    BouncesSettings,
    Brand,
    CollectSettings,
    DeliverSettings,
    DkimSettings,
    FeedSetting,
    LeadSettings,
    LlmSettings,
    LogSettings,
    NewsletterSettings,
    Pause,
    Sender,
    Settings,
    SiteSettings,
    SmtpSettings,
    StoreSettings,
    TopicSettings,
    WebSettings,
)

__all__ = [
    "BouncesSettings",
    "Brand",
    "CollectSettings",
    "DeliverSettings",
    "DkimSettings",
    "FeedSetting",
    "LeadSettings",
    "LlmSettings",
    "LogSettings",
    "NewsletterSettings",
    "Pause",
    "Sender",
    "Settings",
    "SiteSettings",
    "SmtpSettings",
    "StoreSettings",
    "TopicSettings",
    "WebSettings",
    "add_feed",
    "add_topic",
    "ensure_secret",
    "find",
    "from_data",
    "load",
    "remove_feed",
]
