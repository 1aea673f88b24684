"""Find the dateline of a report: place, date and agency before its first sentence. The lead begins after it.

Agencies write 'PARIS (AFP) —', 'WASHINGTON, Nov 23 (Reuters) -', 'Madrid, 23 nov (EFE).-', 'МОСКВА, 23
ноября. /ТАСС/.', '新华社北京11月23日电', '(서울=연합뉴스) 홍길동 기자 ='; newspapers 'ISLAMABAD: ',
'KABAR.com, Jakarta - ', '南江网10月4日讯（记者陈智）'. A dateline has no verb: each of its words is a name, a number,
part of a date, or an agency.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from digest.collect import agency

_LONGEST = 120  # maximum characters; 'LOS ANGELES, Calif., Tuesday, November 23, 2026 (Reuters) - ' has 60

_BREAK = re.compile(
    r"\s*(?:[-–—―]{1,2}(?=\s)|(?<=\))\s?[.:=](?:\s?[-–—]{1,2})?|[.:]\s?[-–—]{1,2}|/\.?(?:\s[-–—]{1,2})?(?=\s)|(?<=\))(?=\s)"
    r"|--(?=[^\W\d_])|\|(?=\s)|:(?=\s))\s*"
)
_BRACKET = re.compile(
    r"[【\[［(（][^】\]］)）\n]{1,40}[】\]］)）]\s*(?:[^\s=＝。]{1,6}\s?(?:기자|특파원)\s?)?[-=＝–—―]{0,2}\s*"
)
_WIRE = re.compile(
    r"(?![据據])(?:(?:新华社|新華社|中新社|中新网|中央社)[^，。,\n]{0,24}?[电電]|[^\s，。：、“”（）,\n]{1,16}?日[电電](?=[\s（(，]|$)"
    r"|[^\s，。：、“”（）,\n]{1,16}?(?:[报報网網社台站闻聞日快]|科技|财经|体育|公司|客户端|综合)[讯訊](?=[\s（(，])"
    r"|[^\s，。：、“”（）,\n]{1,12}?月\d{1,2}日消息(?=\s))"
    r"\s?(?:[（(][^）)\n]{0,40}[）)])?[\s，]*(?:北京时间[^，。\n]{0,16}消息，)?"
)
_ASIAN = re.compile(r"[=＝日電电]|기자")
_NUMBER = re.compile(r"\d{1,4}(?:er|re|º|ª|th|st|nd|rd|日|月|年)?\Z")
_WORD = re.compile(r"[^\s,()/\[\]]+")
_BRACKETED = re.compile(r"[(\[（/]")
_BEHIND_PLACE = re.compile(r"[,(\[（/]")  # 'LYON (Le Progrès) –': the outlet need not be a known agency
_DASH = re.compile("[-–—―|]")
_SITE = re.compile(r"\b[\w-]{2,20}\.(?:com|co|net|org|info|news|[a-z]{2})\b", re.IGNORECASE)
_OWN_NAME = re.compile(r"[^\s()]+(?:\s[^\s()]+){0,2}\s\([A-Z]{3,8}\)")  # 'Jakarta (ANTARA)'
# '(Dân trí) - ': Vietnamese papers put their own name there
_OWN_BRACKET = re.compile(r"\([^\W\d_a-zà-ÿ][^\W\d_]*(?:[ &.-][^\W\d_]+){0,2}\)\s?[-–—]\s(?=[^\W\d_a-zà-ÿ])")
_REPORTER = re.compile(r"(?:,\s[^\W\d_]+\s[^\W\d_]+)?\s?[.:,]\s?[-–—]?\s+|\s[-–—]\s")
_SPEAKER = re.compile(r"^[A-ZÀ-Þ][A-ZÀ-Þ .'-]{1,30}\s?:\s", re.MULTILINE)
_PLACE_WORDS = 3  # maximum words of a place
_SMALL_WORDS = "de du des d la le les el los las di del della of the am den vom im en in on et und y e and da do dos"
_SMALL = frozenset(_SMALL_WORDS.split())


@dataclass(frozen=True, slots=True)
class Dateline:
    """`end` is the start of the first sentence, in code points; `agency` is as written, "" if there is none."""

    end: int
    agency: str = ""


def find(text: str, start: int = 0) -> Dateline | None:
    """Return the dateline of the paragraph that begins at `start`, or None."""
    place = _find(text, start)
    if place and place.agency and text[start : place.end].strip().startswith("("):  # '(ANSA) - ROMA, 23 NOV - ...'
        further = _find(text, place.end)
        return Dateline(further.end, place.agency) if further else place
    return place


def _find(text: str, start: int) -> Dateline | None:
    head = text[start : start + _LONGEST].partition("\n")[0]
    if front := _in_front(head):
        return Dateline(start + front, agency.find(head[:front]))
    for mark in _BREAK.finditer(head):
        label = head[: mark.start()].strip()
        if label and not _is_label(label):
            return None
        if label and mark[0].strip() == ":":
            reported = label.endswith(")") and bool(agency.find(label))  # 'Oslo (NTB): '
            if not (reported or _is_place(label, head[mark.end() :], text)):
                return None
            return Dateline(start + mark.end(), agency.find(label))
        if label and mark.end() < len(head) and _is_enough(label, mark[0], head[mark.end()]):
            end = _past_agency(head, mark.end())
            return Dateline(start + end, agency.find(head[:end]))
    return None


def _in_front(head: str) -> int:
    """Return the length of a dateline in an East Asian form, else 0. Other brackets belong to the sentence."""
    if wire := _OWN_BRACKET.match(head) or _WIRE.match(head):
        return wire.end()
    bracket = _BRACKET.match(head)
    known = bracket and (agency.find(bracket[0]) or _ASIAN.search(bracket[0]))
    return bracket.end() if bracket and known and bracket.end() < len(head) else 0


def _past_agency(head: str, end: int) -> int:
    """Return the end of a dateline with its agency after the dash: 'МОСКВА, 23 ноя — РИА Новости. ...'."""
    name = agency.ends_name(head, end)
    after = _REPORTER.match(head, name) if name > end else None
    return after.end() if after else end


def _is_label(label: str) -> bool:
    """Return whether every word is a name, a number, part of a date, an agency or a function word between names."""
    after_number = False
    for word in _WORD.findall(label):
        bare = word.strip(".:;«»\"'")
        number = bool(_NUMBER.match(bare))
        small = bare.lower() in _SMALL
        name = bare[:1].lower() == bare[:1] == bare[:1].upper() or bare[:1].isupper() or agency.is_name(bare)
        if not (number or small or name or after_number or f"/{bare}" in label or _SITE.fullmatch(bare)):
            return False
        after_number = number or (after_number and small)
    return True


def _is_place(label: str, following: str, text: str) -> bool:
    """Return whether a label before a colon is a place: 'ISLAMABAD: The prime minister said ...' (South Asian papers).

    Speakers are written so too, but repeatedly. In scripts without case, the sentence must name the place again.
    """
    words = label.split()
    if len(words) > _PLACE_WORDS or not following or following[0].islower() or any(c.isdigit() for c in label):
        return False
    if label == label.upper() != label.lower():
        return sum(map(str.isalpha, label)) > 3 and len(_SPEAKER.findall(text, 0, _LONGEST * 50)) < 2
    return label == label.lower() == label.upper() and words[-1] in following.split()


def _is_enough(label: str, mark: str, following: str) -> bool:
    """Return whether an agency, a date or capitals make a name before a dash a dateline, unlike 'Paris – Nice'."""
    dash = bool(_DASH.search(mark))
    words = _WORD.findall(label)
    caseless = label == label.lower() == label.upper()
    if not words or (caseless and len(words) > 6):
        return False  # without case, only its length distinguishes a dateline from a sentence
    place = _BEHIND_PLACE.split(label)[0]
    if caseless and dash and label.endswith(")") and len(place.split()) <= _PLACE_WORDS:
        return True
    if _BRACKETED.search(label) and agency.find(label):
        return dash or not following.islower()
    if not dash or following.islower():
        return False
    letters = [c for c in place if c.isalpha()]
    if (len(letters) > 2 and all(c.isupper() for c in letters)) or _SITE.search(label) or _OWN_NAME.fullmatch(label):
        return True
    dated = "," in label and (any(c.isdigit() for c in label) or (len(words) <= _PLACE_WORDS and "—" in mark))
    return words[0].lower() not in _SMALL and (dated or bool(agency.find(label)))
