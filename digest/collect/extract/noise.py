"""Decide whether one block is noise: a label, a box, a byline, a date, a breadcrumb. The wording is in `phrases`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from digest.collect.extract.phrases import WIDE, PhraseTable, key, phrase_table
from digest.collect.extract.prose import ends_sentence

SHORT = 400  # maximum characters of noise; longer blocks are text
_BRIEF = 150  # maximum characters of a label with a sentence after its colon
_CALL = 250  # maximum characters of a call to subscribe, follow, download
_STOP = re.compile(r"[.!?…。！？؟][\"'”’»)\]」\s]*$")  # a headline may end with a quotation mark alone
_LABEL_WORDS = 25  # maximum words of a title after 'Read also'
_UNREADABLE = 0.1  # share of undecodable characters
_SIGNATURE = 200  # maximum characters of a line with author and date
_PARTICLES = frozenset(("de", "du", "da", "di", "van", "von", "der", "den", "la", "le", "el", "bin", "al", "af", "zu"))
_NAMES = 10  # maximum words of names in a byline
_NAMES_BESIDE_DATE = 4  # the same when only a date marks it as a byline
_DATELINE = 40  # maximum characters of a date with one more word
_INITIALS = re.compile(r"[(\[]?[^\W\d_]{2,4}(?:/[^\W\d_]{2,4})*[)\]]?")
_NAMELY = re.compile(r"[:：/|–—-]")
_LABEL = 30  # maximum characters of a word that opens a byline, with its colon
_CLOCK = re.compile(r"\d:\d\d")
_LINK = 0.3  # share of a line inside links from which it is a link to another page
_QUOTED = re.compile("[^«“„「『]*+[«“„「『].+[»”“」』]", re.DOTALL)  # possessive: linear time
_QUOTED_PLAINLY = re.compile(r'(?:^|\s)"[^"]+"')
#: Pronouns of the first and second person, as keys: a site addresses its readers with them.
_ADDRESS = frozenset(
    (
        "we our us you your wir unser unsere unserer unseren uns ihr ihre ihren ihrem ihnen du dein deine "
        "nous notre nos vous votre vos nosotros nuestro nuestra nuestros usted su sus tu tus noi nostro "
        "nostri nostra voi tuo tua tuoi nos nosso nossa nossos voce seu sua seus wij onze ons jouw je uw u my "
        "nasz nasi nasze twoj twoje twojej ciebie vi vara vart din ditt dina nase nasi vas vase vasi biz "
        "bizim sizin siz мы наш наши нас вы ваш ваши ваше вас نحن موقعنا لك "
        "kami anda noi dumneavoastra dvs voastra ти ви ваші вашу вами нашими mi on onnek partnereink εμεις σας μας "
        "me kumppanimme sinun vores vi din dine jeres deres vare אנו אנחנו שלך שלכם ما شما chung toi ban "
        "nosaltres vostre vostres teu ние вие вашето вашите vam vasu vas vam nasi"
    ).split()
)
_COOKIES = re.compile(r" cookies? | куки | クッキー| evaste| informasjonskaps| kolacic| cerez| کوکی")
_BISCUITS = re.compile(r" galetes | бисквитк| sutik| עוגיות ")  # also the words for biscuits
_PROGRAM_ERROR = re.compile(r"\bin /\S+ on line \d+\b")  # PHP prints such messages into pages
_CREDIT = 60  # last characters that are searched for a picture credit
_NUMBER = re.compile(r"\d+(?:[a-z]{1,2}|h\d*)?")
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\b(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2}\b")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_WORDS = re.compile(r"\w+")
_CRUMB = re.compile(r"\s[>»›/|→·•]\s")
_RIGHTS = re.compile(r"^\W*(?:©|\(c\)\s|copyright\b)|©", re.IGNORECASE)


def reason(text: str, language: str, linked: float = 0.0) -> str | None:
    """Return why a block is not part of the article, or None. `linked` is the share of it inside links."""
    if why := _unreadable(text):
        return why
    if len(text) > SHORT:
        return None
    phrases, words = phrase_table(language), key(text)
    return (
        phrases.alone.get(words)
        or phrases.alone.get(_uncounted(words))
        or next((why for phrase, why in phrases.opening(words) if _is_label(text, words, phrase, why, linked)), None)
        or _wording(text, words, phrases, linked)
    )


def _wording(text: str, words: str, phrases: PhraseTable, linked: float) -> str | None:
    """Return the reason of wording that only page notices use, unless the text reports somebody's words."""
    why = (next((why for _, why in phrases.calling(words)), None) if len(text) <= _CALL else None) or next(
        (why for _, why in phrases.saying(words)), None
    )
    return None if why and linked < _LINK and _is_report(text, words, phrases) else why


def is_report(text: str, language: str) -> bool:
    """Return whether a text has a quotation and a verb of saying."""
    phrases, words = phrase_table(language), key(text)
    says = not phrases.speech.isdisjoint(words.split()) or any(v in words for v in phrases.unspaced_speech)
    return says and _quotes(text)


def _quotes(text: str) -> bool:
    return _QUOTED.match(text) is not None or _QUOTED_PLAINLY.search(text) is not None


def _is_report(text: str, words: str, phrases: PhraseTable) -> bool:
    """Return whether a text is a whole sentence with a quotation or a verb of saying."""
    if not ends_sentence(text):
        return False
    return (
        _quotes(text)
        or not phrases.speech.isdisjoint(words.split())
        or any(v in words for v in phrases.unspaced_speech)
    )


def _unreadable(text: str) -> str | None:
    """Return the reason for a text without words, with one endless word, or with undecodable bytes."""
    if text.count("\ufffd") > _UNREADABLE * len(text):
        return "unreadable"
    if _PROGRAM_ERROR.search(text):
        return "message of a program"
    endless = len(text) > SHORT and text.isascii() and " " not in text[:SHORT]
    return "no words" if endless or not _WORDS.search(text) else None


def _uncounted(words: str) -> str:
    """Return a key without numbers: 'comments 12' is 'comments'."""
    return " ".join(w for w in words.split() if not w.isdigit())


def _is_label(text: str, words: str, phrase: str, why: str, linked: float) -> bool:
    """Return whether an opening phrase makes a block a label: a colon or a link follows, or it is not a sentence."""
    rest = words[len(phrase) :].split()
    if not rest:
        return False
    colon = min((at for mark in ":：" if (at := text.find(mark)) >= 0), default=-1)
    sentence = bool(_STOP.search(text[-12:]))
    if linked >= _LINK or (not sentence and len(rest) <= _LABEL_WORDS):
        return True
    # A colon also follows the subject of a paragraph ('Comments: the law says ...').
    return 0 <= colon <= len(phrase) + 6 and (why in ("related", "caption") or not sentence or len(text) <= _BRIEF)


def ends_article(text: str, language: str) -> str | None:
    """Return the reason if a block is the heading of a section that follows the article."""
    return None if len(text) > 80 else phrase_table(language).ends.get(_uncounted(key(text)))


def signature(text: str, language: str, names: Iterable[str] = ()) -> str | None:
    """Return 'byline' or 'date' for a line of author and date and nothing else, or None.

    Such a line consists of names, words of bylines and dates, months, days and numbers. `names` are keys of the page's
    author, agency and site. For lines above and below an article only: a table of dates would match too.
    """
    if len(text) > _SIGNATURE or not _WORDS.search(text):
        return None
    if _INITIALS.fullmatch(text):
        return "byline"
    phrases, rest = phrase_table(language), f" {key(text)} "
    named = False
    for name in names:
        if name and f" {name} " in rest:
            rest, named = rest.replace(f" {name} ", " "), True
    left = [word for word in _unknown_words(rest, phrases) if word not in phrases.byline_words]
    month = any(word in phrases.months for word in rest.split())
    dates = len(_DATE.findall(text)) or int(month and bool(_YEAR.search(text)))
    if not left:
        timed = month or any(c.isdigit() for c in text) or text.rstrip().endswith((":", "："))
        return "byline" if named else "date" if timed else None
    opened = any(rest.startswith(f" {phrase} ") for phrase in phrases.byline_openings) or _opens_byline_before_colon(
        text, phrases
    )
    if ends_sentence(text) or len(left) > _NAMES or not _are_names(text, left, caseless=opened):
        return "date" if dates and len(left) == 1 and len(text) <= _DATELINE and not ends_sentence(text) else None
    if opened:
        return "byline"
    beside = dates == 1 and ":" not in _CLOCK.sub("", text)
    return "byline" if beside and len(left) <= _NAMES_BESIDE_DATE else None


def _opens_byline_before_colon(text: str, phrases: PhraseTable) -> bool:
    """Return whether a text begins with a word that opens a byline only before a colon, a dash or a bar."""
    mark = _NAMELY.search(text, 0, _LABEL)
    return mark is not None and key(text[: mark.start()]) in phrases.byline_openings_before_colon


def author(byline: str, language: str) -> str:
    """Return the name in 'By Jane Miller, Staff Writer': two to five capitalised words, "" if there is none."""
    words = byline.replace("\u00a0", " ").split()
    phrases = phrase_table(language)
    opens = (*phrases.byline_openings, *phrases.byline_openings_before_colon)
    start = max((len(p.split()) for p in opens if key(" ".join(words[: len(p.split())])) == p), default=0)
    name: list[str] = []
    for word in words[start:] if start else ():
        small = key(word) in phrases.byline_words or not word[0].isupper()
        if small and not (name and word.lower() in _PARTICLES):
            break
        name.append(word.strip(",;|()"))
        if word.endswith((",", ";", ")")):
            break
    return " ".join(name) if 2 <= len(name) <= 5 else ""


def _unknown_words(rest: str, phrases: PhraseTable) -> Iterator[str]:
    """Yield the words that are not numbers; in unspaced scripts, the parts beside known words."""
    for word in rest.split():
        parts = [word]
        if WIDE.search(word):
            dated = any(c.isdigit() for c in word)
            for known in phrases.unspaced_words:
                if dated or len(known) > 1:  # a single character is a day in a date, but also part of names
                    word = word.replace(known, " ")  # noqa: PLW2901
            parts = word.split()
        yield from (part for part in parts if not _NUMBER.fullmatch(part))


def _are_names(text: str, left: list[str], *, caseless: bool) -> bool:
    """Return whether every remaining word is capitalised, or of a script without case if `caseless`."""
    capitals = {key(w) for w in _WORDS.findall(text) if w[0].isupper() or (caseless and w.lower() == w.upper())}
    if caseless:  # Indic vowel signs split a key where they do not split a word
        capitals.update(part for w in text.split() if w.lower() == w.upper() for part in key(w).split())
    return all(word in capitals for word in left)


def is_breadcrumb(text: str, titles: Iterable[str]) -> bool:
    """Return whether a line is a path ('Home > Politics > Elections') or the title with the site's name."""
    parts = _CRUMB.split(text)
    if len(parts) < 2 or len(text) > 300:
        return False
    if len(parts) == 2:
        return any(key(part) in titles for part in parts)
    return not ends_sentence(text) and max(map(len, parts[:-1])) <= 40


def is_picture_line(text: str, language: str) -> bool:
    """Return whether a line is a caption that ends with a credit: '... the vote. Photo: Jane Doe', '... © AFP'."""
    if len(text) > _SIGNATURE + 100:
        return False
    end = text[-_CREDIT:]
    if "©" in end:
        return not end.startswith("©")
    if ":" not in end and "：" not in end:
        return False
    for phrase in phrase_table(language).captions:
        at = end.rfind(phrase)
        if at > 0 and end[at - 1] in " (|/[" and end[at + len(phrase) :].lstrip()[:1] in (":", "："):
            return not ends_sentence(end.rstrip(")] "))
    return False


def speaks_of_consent(text: str, language: str) -> bool:
    """Return whether a paragraph asks for consent to cookies: it names them twice, or once with the wording of consent
    walls, and addresses the reader. An article about cookies does not, or it quotes somebody.
    """
    words = f" {key(text)} "
    cookies = len(_COOKIES.findall(words))
    named = cookies or _BISCUITS.search(words)
    if not named or (cookies < 2 and not _walled(words, language, "consent")):
        return False
    asks = WIDE.search(words) is not None or not _ADDRESS.isdisjoint(words.split())
    return asks and not is_report(text, language)


def speaks_of_paywall(text: str, language: str) -> bool:
    """Return whether a short paragraph says that the rest is for subscribers."""
    return len(text) <= SHORT and _walled(key(text), language, "paywall")


def _walled(words: str, language: str, kind: str) -> bool:
    return any(phrase in words for phrase, reason in phrase_table(language).walls if reason == kind)


def is_address(text: str) -> bool:
    """Return whether a line is mostly URLs or mail addresses."""
    words = text.split()
    addresses = (w for w in words if w.startswith(("http://", "https://", "www.")) or 0 < w.find("@") < w.rfind("."))
    return 2 * sum(map(len, addresses)) > len(text)


def is_rights(text: str) -> bool:
    """Return whether a line is a copyright notice: '© 2024 The Paper'."""
    return len(text) <= _SIGNATURE and bool(_RIGHTS.search(text)) and not ends_sentence(text.rstrip("."))
