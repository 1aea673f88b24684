"""Bootstrap: wires the services of one settings file. No use case lives here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from digest.services.context import Clock, Context, now_utc
from digest.settings import Settings
from digest.settings.file import ensure_secret

if TYPE_CHECKING:
    from digest.services.collect.collecting import Collecting
    from digest.services.collect.feeds import Feeds
    from digest.services.collect.fetcher import Fetcher
    from digest.services.compose.approving import Approving
    from digest.services.compose.composing import Composing
    from digest.services.compose.editing import Editing
    from digest.services.compose.editions import Editions
    from digest.services.database import Database
    from digest.services.deliver.deliverability import Deliverability
    from digest.services.deliver.mailer import Mailer
    from digest.services.deliver.messages import Messages
    from digest.services.deliver.pictures import Pictures
    from digest.services.deliver.rendering import Rendering
    from digest.services.deliver.returned_mail import ReturnedMail
    from digest.services.deliver.sending import Sending
    from digest.services.editors import Editors
    from digest.services.notifying import Notifying
    from digest.services.scheduling import Scheduling
    from digest.services.subscriber_lists import SubscriberLists
    from digest.services.subscriptions import Subscriptions


@contextmanager
def open_app(settings: Settings, *, clock: Clock = now_utc, upgrade: bool = True) -> Iterator[App]:
    """Open the store and wire the services; close everything at the end.

    An SQLite file that is missing is made. Raises StoreError or SettingsError with the remedy.
    """
    from digest.store import open_store

    settings = ensure_secret(settings)
    with ExitStack() as stack:
        store = stack.enter_context(open_store(settings.store.url, upgrade=upgrade))
        yield App(Context(settings, store, clock, threading.Event()), stack)


class App:
    """The services, each made and imported when first used, so that a listing does not load a mail renderer."""

    def __init__(self, context: Context, stack: ExitStack) -> None:
        self.context, self._stack = context, stack

    @property
    def settings(self) -> Settings:
        """The settings of all services."""
        return self.context.settings

    @property
    def clock(self) -> Clock:
        """The clock of all services."""
        return self.context.clock

    @property
    def stopping(self) -> threading.Event:
        """Set it to bring running work to its next safe point."""
        return self.context.stopping

    # --- the three verbs ----------------------------------------------------------------------------------------

    @cached_property
    def collecting(self) -> Collecting:
        from digest.services.collect.collecting import Collecting

        return Collecting(self.context, self.fetcher)

    @cached_property
    def composing(self) -> Composing:
        from digest.services.compose.composing import Composing

        return Composing(self.context, self.pictures, self.sending)

    @cached_property
    def sending(self) -> Sending:
        from digest.services.deliver.sending import Sending

        return Sending(self.context, self.rendering, self.messages, self.mailer, self.pictures)

    # --- editors ------------------------------------------------------------------------------------------------

    @cached_property
    def editions(self) -> Editions:
        from digest.services.compose.editions import Editions

        return Editions(self.context)

    @cached_property
    def editing(self) -> Editing:
        from digest.services.compose.editing import Editing

        return Editing(self.context, self.fetcher, self.pictures, self.sending)

    @cached_property
    def approving(self) -> Approving:
        from digest.services.compose.approving import Approving

        return Approving(self.context, self.sending)

    @cached_property
    def editors(self) -> Editors:
        from digest.services.editors import Editors

        return Editors(self.context)

    @cached_property
    def notifying(self) -> Notifying:
        from digest.services.notifying import Notifying

        return Notifying(self.context, self.feeds, self.rendering, self.mailer)

    @cached_property
    def scheduling(self) -> Scheduling:
        from digest.services.scheduling import Scheduling

        return Scheduling(self.context)

    # --- subscribers and feeds ----------------------------------------------------------------------------------

    @cached_property
    def subscriptions(self) -> Subscriptions:
        from digest.services.subscriptions import Subscriptions

        return Subscriptions(self.context)

    @cached_property
    def subscriber_lists(self) -> SubscriberLists:
        from digest.services.subscriber_lists import SubscriberLists

        return SubscriberLists(self.context, self.subscriptions)

    @cached_property
    def returned_mail(self) -> ReturnedMail:
        from digest.services.deliver.returned_mail import ReturnedMail

        return ReturnedMail(self.context, self.messages, self.fetcher)

    @cached_property
    def feeds(self) -> Feeds:
        from digest.services.collect.feeds import Feeds

        return Feeds(self.context, self.fetcher)

    # --- building blocks of the others ----------------------------------------------------------------------------

    @cached_property
    def fetcher(self) -> Fetcher:
        from digest.services.collect.fetcher import Fetcher

        return self._stack.enter_context(Fetcher(self.context))

    @cached_property
    def pictures(self) -> Pictures:
        from digest.services.deliver.pictures import Pictures

        return Pictures(self.context, self.fetcher)

    @cached_property
    def rendering(self) -> Rendering:
        from digest.services.deliver.rendering import Rendering

        return self._stack.enter_context(Rendering(self.context, self.pictures))

    @cached_property
    def messages(self) -> Messages:
        from digest.services.deliver.messages import Messages

        return Messages(self.context, self.rendering)

    @cached_property
    def mailer(self) -> Mailer:
        from digest.services.deliver.mailer import Mailer

        return Mailer(self.context, self.messages)

    @cached_property
    def deliverability(self) -> Deliverability:
        from digest.services.deliver.deliverability import Deliverability

        return Deliverability(self.context, self.messages)

    @cached_property
    def database(self) -> Database:
        from digest.services.database import Database

        return Database(self.context)
