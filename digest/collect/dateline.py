"""Dateline: the place, date and agency before the first sentence of a report; the lead begins after it.

Forms are those of the agencies' own style books and wires: 'PARIS (AFP) —', 'WASHINGTON, Nov 23 (Reuters) -',
'Madrid, 23 nov (EFE).-', 'Berlin (dpa) –', 'МОСКВА, 23 ноября. /ТАСС/.', '新华社北京11月23日电', '(서울=연합뉴스) 홍길동 기자 ='.
A dateline holds no verb, so it is known by its words: each is a name, a number, part of a date, or an agency.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST = 120  # characters; 'LOS ANGELES, Calif., Tuesday, November 23, 2026 (Reuters) - ' has 60

AGENCIES = """
AFP AP Reuters dpa dpa-AFX EFE ANSA Ansa Lusa LUSA ANP Belga BELGA APA SDA ATS Keystone-ATS PAP ČTK CTK ČTK/AP TASR SITA MTI TT NTB Ritzau STT BNS LETA
ELTA Agerpres AGERPRES Mediafax Tanjug Hina HINA STA BTA ANA-MPA Ukrinform UNIAN Interfax TASS Xinhua Kyodo Jiji Yonhap Anadolu AA DHA İHA IHA ANKA
PTI IANS ANI WAM SPA KUNA MENA QNA SANA IRNA MAP APS TAP UPI KNA epd KNA AdnKronos Adnkronos ADNKRONOS LaPresse askanews AGI ItalPress Italpress
EP Europa_Press Agência_Brasil Agencia_Brasil Estadão Notimex Télam NA CNN Bloomberg Relaxnews Sputnik RIA VNA Bernama Antara ANTARA Agencias agencias
ТАСС РИА РИА_Новости Интерфакс Укринформ УНИАН УНІАН Укрінформ БТА Танјуг Reuters/AFP рейтер Рейтер АП АФП
أ_ف_ب أ.ف.ب رويترز واس وام كونا قنا سانا الأناضول وكالات ا_ف_ب ا.ف.ب د_ب_أ
新华社 新華社 中新社 中新网 中央社 共同社 路透社 法新社 美联社 ロイター 共同 時事 AFP=時事 CNN.co.jp 연합뉴스 뉴시스 뉴스1 भाषा वार्ता
""".split()
_AGENCY_WORDS = frozenset(part.lower() for name in AGENCIES for part in re.split("[_/]", name))
_NAMES = tuple(sorted((a.replace("_", " ") for a in AGENCIES), key=len, reverse=True))
_EAST = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"  # these scripts put no blank around a name
_AGENCY = re.compile(rf"(?<![^\W{_EAST}])(?:" + "|".join(map(re.escape, _NAMES)) + rf")(?![^\W{_EAST}])")

_BREAK = re.compile(
    r"\s*(?:[-–—―]{1,2}(?=\s)|(?<=\))\s?[.:=](?:\s?[-–—]{1,2})?|[.:](?:\s?[-–—]{1,2})|/\.?(?=\s)|(?<=\))(?=\s))\s*"
)
_ASIAN = re.compile(
    r"(?:[【\[［(（][^】\]］)）\n]{1,40}[】\]］)）]\s*)(?:[^\s=＝。]{1,6}\s?(?:기자|특파원)\s?)?[-=＝–—―]{0,2}\s*"
    r"|(?:新华社|新華社|中新社|中新网|中央社|人民网)[^，。,\n]{0,24}?电\s?(?:[（(][^）)\n]{0,30}[）)])?\s*"
)
_AGENCY_FIRST = re.compile(f"(?:{_AGENCY.pattern})" + r"\s?[.:,]?\s?[-–—]?\s+")
_DATE = re.compile(r"\d{1,4}(?:er|re|º|ª|th|st|nd|rd|日|月|年)?\Z")
_SMALL = frozenset(
    "de du des d la le les el los las di del della of the am den vom im en in on et und y e and da do dos den d’ l’ al".split()
)


@dataclass(frozen=True, slots=True)
class Dateline:
    """`end` is where the first sentence begins, in code points; `agency` is as written, "" when none is named."""

    end: int
    agency: str = ""


def find(text: str, start: int = 0) -> Dateline | None:
    """The dateline of the paragraph that begins at `start`, or None."""
    head = text[start : start + _LONGEST].partition("\n")[0]
    asian = _ASIAN.match(head)
    if asian and asian.end() and _is_asian(asian[0]):
        return Dateline(start + asian.end(), _agency(asian[0]))
    for mark in _BREAK.finditer(head):
        label = head[: mark.start()].strip()
        if not label:
            continue
        if not _is_label(label):
            return None
        if mark.end() < len(head) and _is_enough(label, mark[0], head[mark.end()]):
            after = _AGENCY_FIRST.match(head, mark.end())  # 'МОСКВА, 23 ноя — РИА Новости. ...'
            end = after.end() if after else mark.end()
            return Dateline(start + end, _agency(head[:end]))
    return None


def _agency(label: str) -> str:
    found = _AGENCY.search(label)
    return found[0] if found else ""


def _is_asian(label: str) -> bool:
    """A bracket opens a dateline if it names an agency or a reporter's place; else it belongs to the sentence."""
    return bool(
        _AGENCY.search(label) or "기자" in label or "=" in label or "＝" in label or re.search(r"[日電电]", label)
    )


def _is_label(label: str) -> bool:
    """Whether every word is a name in capitals, a number, part of a date, an agency or a small word between names."""
    after_number = False
    for word in re.findall(r"[^\s,()/\[\]]+", label):
        bare = word.strip(".:;«»\"'")
        number = bool(_DATE.match(bare))
        known = number or f"/{bare}" in label or bare.lower() in _AGENCY_WORDS or bare.lower() in _SMALL
        if bare and not (known or after_number or bare[0].isupper() or not bare[0].isalpha() or _caseless(bare)):
            return False
        after_number = number or (after_number and bare in _SMALL)
    return True


def _caseless(word: str) -> bool:
    return word.lower() == word.upper()


def _is_enough(label: str, mark: str, following: str) -> bool:
    """A name before a dash may open a sentence ('Paris – Nice'); an agency, a date or capitals make it a dateline."""
    if _AGENCY.search(label):
        return True
    if following.islower():
        return False
    dash = bool(re.search("[-–—―]", mark))
    place = label.split(",")[0]
    letters = [c for c in place if c.isalpha()]
    shouted = len(letters) > 2 and all(c.isupper() for c in letters)
    return dash and (shouted or ("," in label and any(c.isdigit() for c in label)))


def is_agency(word: str) -> bool:
    """Whether a single word is (part of) the name of an agency, written as agencies write themselves."""
    return word.strip(".,:;*").lower() in _AGENCY_WORDS and not word.islower() or word in ("dpa", "epd", "askanews")
