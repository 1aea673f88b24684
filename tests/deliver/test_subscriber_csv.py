"""Lists of people from elsewhere: good rows are taken, bad ones are told with their line, whatever the file is like."""

from __future__ import annotations

from digest.deliver.subscriber_csv import SubscriberList, read_rows

OFFERED = {"morning": ["world", "science"], "evening": ["world"]}


def addresses(roll: SubscriberList) -> list[str]:
    return [person.address for person, _ in roll.people]


def test_separators_line_ends_and_headings_of_other_programs_are_known() -> None:
    for text in (
        "email,name\nada@example.org,Ada\n",
        "E-Mail;Name\r\nada@example.org;Ada\r\n",
        "\ufeffAdresse\tNom\rada@example.org\tAda\r",
        'Mail,Full Name\n\n"ada@example.org" , "Ada"\n,,\n',
    ):
        [(person, [tie])] = read_rows(text, OFFERED, "morning").people
        assert (person.address, person.name, tie.newsletter) == ("ada@example.org", "Ada", "morning"), text


def test_a_bad_row_is_told_with_its_line_and_the_others_are_taken() -> None:
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
    roll = read_rows(text, OFFERED)
    assert addresses(roll) == ["one@example.org", "eight@example.org"]
    told = dict(roll.bad)
    assert sorted(told) == [3, 4, 5, 6, 7, 8]
    assert "not a mail address" in told[3]
    assert "there are: evening, morning" in told[4]
    assert told[5] == "newsletter 'evening' has no topic 'science' (it has: world)"
    assert "'Mars/Base' is no time zone" in told[6]
    assert "'french please' is no language code" in told[7]
    assert "no newsletter: add a column" in told[8]


def test_a_quotation_mark_that_is_never_closed_costs_its_own_line_only() -> None:
    text = 'email,name\none@example.org,"Ada\ntwo@example.org,Ben\nthree@example.org,"Cora ""C"" Lindt"\n'
    roll = read_rows(text, OFFERED, "morning")
    assert addresses(roll) == ["two@example.org", "three@example.org"]
    assert roll.bad == ((2, "a quotation mark is not closed on this line"),)
    assert roll.people[1][0].name == 'Cora "C" Lindt'


def test_a_cell_too_long_to_read_costs_its_own_line_only() -> None:
    roll = read_rows(f"email,name\none@example.org,{'x' * 200_000}\ntwo@example.org,Ben\n", OFFERED, "morning")
    assert addresses(roll) == ["two@example.org"]
    assert [line for line, _ in roll.bad] == [2]


def test_names_are_kept_on_one_line_without_control_characters() -> None:
    [(person, _)] = read_rows("email,name\nada@example.org,A\x00d\x1ba\u202e  Lovell\n", OFFERED, "morning").people
    assert person.name == "Ada Lovell"


def test_a_list_without_a_heading_or_without_anything_is_told() -> None:
    assert "must name the columns" in read_rows("ada@example.org,Ada\n", OFFERED).bad[0][1]
    assert read_rows("", OFFERED) == SubscriberList((), ())
