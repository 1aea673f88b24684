"""Lists of people from other programs: good rows are taken, bad ones are named with their line."""

from __future__ import annotations

import pytest

from digest.deliver.subscriber_list.rows import BadRow, Heading, Person, read_rows

OFFERED = {"morning": ["world", "science"], "evening": ["world"]}


def people(text: str, default: str | None = "morning") -> list[Person]:
    return [row for row in read_rows(text, OFFERED, default) if isinstance(row, Person)]


def bad(text: str, default: str | None = "morning") -> dict[int, str]:
    return {row.line: row.reason for row in read_rows(text, OFFERED, default) if isinstance(row, BadRow)}


def addresses(text: str, default: str | None = "morning") -> list[str]:
    return [person.subscriber.address for person in people(text, default)]


def states(text: str) -> dict[str, str]:
    """Return by address the state of each person, or the reason of the suppression."""
    return {p.subscriber.address.partition("@")[0]: p.suppression or p.subscription.state for p in people(text)}


@pytest.mark.parametrize(
    "text",
    [
        "email,name\nada@example.org,Ada\n",
        "E-Mail;Name\r\nada@example.org;Ada\r\n",
        "\ufeffAdresse\tNom\rada@example.org\tAda\r",
        'Mail,Full Name\n\n"ada@example.org" , "Ada"\n,,\n',
        "sep=;\nemail;name\nada@example.org;Ada\n",
        '"sep=|"\n\nemail|name\nada@example.org|Ada\n',
        "E-Mail-Adresse,Vorname\nada@example.org,Ada\n",
        "Adresse e-mail,Prénom\nada@example.org,Ada\n",
        "Courriel,Nom complet\nada@example.org,Ada\n",
        "Correo electrónico,Nombre\nada@example.org,Ada\n",
        "email_address,first_name\nada@example.org,Ada\n",
        "EMAIL.ADDRESS:,NAME\nada@example.org,Ada\n",
        "البريد الإلكتروني,الاسم\nada@example.org,Ada\n",
    ],
)
def test_heading_and_separator_of_other_programs_are_known(text: str) -> None:
    [person] = people(text)
    assert (person.subscriber.address, person.subscriber.name) == ("ada@example.org", "Ada")
    assert person.subscription.newsletter == "morning"


def test_separator_ignores_commas_inside_quoted_heading() -> None:
    assert addresses('"Name, first, last, title";email\n"Lovell, Ada";ada@example.org\n') == ["ada@example.org"]


@pytest.mark.parametrize(
    ("heading", "cells", "name"),
    [
        ("email,first_name,last_name", "Ada,Lovell", "Ada Lovell"),
        ("Email,Prénom,Nom", "Ada,Lovell", "Ada Lovell"),
        ("Email,Vorname,Nachname", "Ada,Lovell", "Ada Lovell"),
        ("email,Nom,x", "Lovell,1", "Lovell"),
        ("email,name,last name", "Ada L.,Lovell", "Ada L."),
    ],
)
def test_first_and_last_name_become_one_name(heading: str, cells: str, name: str) -> None:
    [person] = people(f"{heading}\nada@example.org,{cells}\n")
    assert person.subscriber.name == name


def test_bad_row_is_named_with_its_line_and_the_others_are_taken() -> None:
    text = (
        "address,newsletter,topics,timezone,language\n"
        "one@example.org,morning,world science,Europe/Paris,fr\n"
        "two@@example.org,morning\n"
        "three@example.org,mourning\n"
        "four@example.org,evening,science\n"
        "five@example.org,evening,,Mars/Base\n"
        "six@example.org,evening,,,french please\n"
        "seven@example.org\n"
        "eight@example.org,evening\n"
    )
    assert addresses(text, None) == ["one@example.org", "eight@example.org"]
    reasons = bad(text, None)
    assert sorted(reasons) == [3, 4, 5, 6, 7, 8]
    assert "not a mail address" in reasons[3]
    assert "there are: evening, morning" in reasons[4]
    assert reasons[5] == "newsletter 'evening' has no topic 'science' (it has: world)"
    assert "'Mars/Base' is no time zone" in reasons[6]
    assert "'french please' is no language code" in reasons[7]
    assert "no newsletter: add a column" in reasons[8]


def test_quotation_mark_never_closed_costs_its_own_line_only() -> None:
    text = 'email,name\none@example.org,"Ada\ntwo@example.org,Ben\nthree@example.org,"Cora ""C"" Lindt"\n'
    assert addresses(text) == ["two@example.org", "three@example.org"]
    assert bad(text) == {2: "a quotation mark is not closed on this line"}
    assert people(text)[1].subscriber.name == 'Cora "C" Lindt'


def test_quoted_cell_of_several_lines_is_one_cell() -> None:
    text = (
        "email,name,notes\n"
        'ada@example.org,Ada,"forwarded the letter to\nbob@example.net,who is her brother"\n'
        'ben@example.org,Ben,"x, ""y""\n\nz"\n'
        "cora@example.org,Cora,\n"
    )
    assert addresses(text) == ["ada@example.org", "ben@example.org", "cora@example.org"]
    assert [person.line for person in people(text)] == [2, 4, 7]


def test_cell_too_long_to_read_costs_its_own_line_only() -> None:
    text = f"email,name\none@example.org,{'x' * 200_000}\ntwo@example.org,Ben\n"
    assert addresses(text) == ["two@example.org"]
    assert list(bad(text)) == [2]


def test_name_is_kept_on_one_line_without_control_characters() -> None:
    [person] = people("email,name\nada@example.org,A\x00d\x1ba\u202e  Lovell\n")
    assert person.subscriber.name == "Ada Lovell"


def test_list_without_heading_or_rows_is_named() -> None:
    assert "name the columns in the first line" in bad("ada@example.org,Ada\n")[1]
    assert list(read_rows("", OFFERED)) == []


def test_unused_columns_are_named() -> None:
    heading = next(read_rows("email,favourite colour,TAGS\nada@example.org,red,vip\n", OFFERED, "morning"))
    assert heading == Heading((("email", "address"),), ("favourite colour", "TAGS"))


def test_tags_of_other_programs_are_no_topics() -> None:
    assert addresses('email,tags\nada@example.org,vip\ncora@example.org,"vip, donor"\n') == [
        "ada@example.org",
        "cora@example.org",
    ]


CONFIRMED = [
    "confirmed",
    "Subscribed",
    "ACTIVE",
    "enabled",
    "regular",
    "premium",
    "abonniert",
    "abonné",
    "suscrito",
    "مشترك",
]
UNCONFIRMED = ["unconfirmed", "Pending", "unactivated", "unbestätigt", "en attente"]
UNSUBSCRIBED = [
    "unsubscribed",
    "Opted-Out",
    "opt_out",
    "disabled",
    "inactive",
    "abgemeldet",
    "désabonné",
    "baja",
    "отписан",
]
SUPPRESSED = {
    "bounce": ["Bounced", "hard bounce", "cleaned", "undeliverable"],
    "complaint": ["complained", "Marked as spam", "junk"],
    "manual": ["blocklisted", "blacklisted", "blocked", "gesperrt"],
}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        *((word, "confirmed") for word in CONFIRMED),
        *((word, "unconfirmed") for word in UNCONFIRMED),
        *((word, "unsubscribed") for word in UNSUBSCRIBED),
        *((word, reason) for reason, words in SUPPRESSED.items() for word in words),
    ],
)
@pytest.mark.parametrize("column", ["state", "Status", "subscriber_type", "Statut"])
def test_word_for_the_state_is_known(column: str, word: str, state: str) -> None:
    assert states(f"email,{column}\nada@example.org,{word}\n") == {"ada": state}


@pytest.mark.parametrize("word", ["", "churned", "archivé par erreur", "2", "subscribed?", "null", "maybe"])
@pytest.mark.parametrize("column", ["state", "subscribed", "subscribed_to_emails"])
def test_unknown_word_is_a_bad_row_and_never_consent(column: str, word: str) -> None:
    text = f"email,{column}\nada@example.org,{word}\nben@example.org,yes\n".replace(",yes", ",subscribed")
    assert addresses(text) == ["ben@example.org"]
    assert column in bad(text)[2]


@pytest.mark.parametrize(
    ("columns", "cells", "state"),
    [
        ("subscribed_to_emails,deleted_at", "true,", "confirmed"),
        ("subscribed_to_emails,deleted_at", "false,", "unsubscribed"),
        ("subscribed_to_emails,deleted_at", ",2024-05-01T10:00:00.000Z", "unsubscribed"),
        ("active_subscription,email_disabled", "false,false", "confirmed"),
        ("active_subscription,email_disabled", "false,true", "unsubscribed"),
        ("confirmed,blacklisted,optedin", "1,0,0", "confirmed"),
        ("confirmed,blacklisted,optedin", "0,0,1", "unconfirmed"),
        ("confirmed,blacklisted,optedin", "1,1,1", "manual"),
        ("status,unsubscribed_at", "subscribed,2024-02-01", "unsubscribed"),
        ("status,complained", "unknown word,yes", "complaint"),
        ("status,bounced_at", "active,2024-02-01", "bounce"),
        ("status,bounced_at", "active,0000-00-00 00:00:00", "confirmed"),
        ("First Name,UNSUB_TIME", "Ada,", "unsubscribed"),
        ("First Name,CLEAN_TIME", "Ada,2024-01-01", "bounce"),
        ("status,UNSUB_TIME", "subscribed,2024-01-01", "unsubscribed"),
    ],
)
def test_most_restrictive_column_decides(columns: str, cells: str, state: str) -> None:
    assert states(f"email,{columns}\nada@example.org,{cells}\n") == {"ada": state}


def test_plain_list_of_addresses_is_confirmed() -> None:
    assert states("email\nada@example.org\n") == {"ada": "confirmed"}
