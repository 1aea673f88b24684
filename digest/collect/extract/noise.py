"""Whether one block is noise: a label, a box, a byline, a date, a breadcrumb. Pure; the wording is in `phrases`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from digest.collect.extract.phrases import WIDE, Table, key, table
from digest.collect.extract.prose import ends_sentence

SHORT = 400  # characters; longer blocks are text, whatever they say
_BRIEF = 150  # characters of a label with a sentence after its colon
_CALL = 250  # characters of a call to subscribe, follow, download
_STOP = re.compile(r"[.!?…。！？؟][\"'”’»)\]」\s]*$")  # a headline may end with a quotation mark alone
_LABEL_WORDS = 25  # a headline after 'Read also' is shorter
_UNREADABLE = 0.1  # share of characters that fit no encoding
_SIGNATURE = 200  # characters of a line that says who and when
_PARTICLES = frozenset(("de", "du", "da", "di", "van", "von", "der", "den", "la", "le", "el", "bin", "al", "af", "zu"))
_NAMES = 10  # words of names in a byline
_NAMES_BESIDE_DATE = 4  # when nothing but a date makes it one
_DATELINE = 40  # characters of a date with one more word
_INITIALS = re.compile(r"[(\[]?[^\W\d_]{2,4}(?:/[^\W\d_]{2,4})*[)\]]?")
_NAMELY = re.compile(r"[:：/|–—-]")
_LABEL = 30  # characters of a word that opens a byline, with its colon
_CLOCK = re.compile(r"\d:\d\d")
_LINK = 0.3  # share of a line inside links from which it leads elsewhere
_QUOTED = re.compile("[^«“„「『]*+[«“„「『].+[»”“」』]", re.DOTALL)  # from the first mark: one look at each character
_QUOTED_PLAINLY = re.compile(r'(?:^|\s)"[^"]+"')
#: Words by which a site speaks of itself and to its reader, as keys.
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
_BISCUITS = re.compile(r" galetes | бисквитк| sutik| עוגיות ")  # names of cookies that are eaten, too
_PROGRAM_ERROR = re.compile(r"\bin /\S+ on line \d+\b")  # as PHP prints them into pages
_CREDIT = 60  # characters of whom a picture is from
_NUMBER = re.compile(r"\d+(?:[a-z]{1,2}|h\d*)?")
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\b(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2}\b")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_WORDS = re.compile(r"\w+")
_CRUMB = re.compile(r"\s[>»›/|→·•]\s")
_RIGHTS = re.compile(r"^\W*(?:©|\(c\)\s|copyright\b)|©", re.IGNORECASE)


def reason(text: str, language: str, linked: float = 0.0) -> str | None:
    """Why this block is not the article, or None. `linked` is the share of it that is a link."""
    if why := _unreadable(text):
        return why
    if len(text) > SHORT:
        return None
    phrases, words = table(language), key(text)
    return (
        phrases.alone.get(words)
        or phrases.alone.get(_uncounted(words))
        or next((why for phrase, why in phrases.opening(words) if _is_label(text, words, phrase, why, linked)), None)
        or _wording(text, words, phrases, linked)
    )


def _wording(text: str, words: str, phrases: Table, linked: float) -> str | None:
    """The reason of what only furniture says; a report of somebody saying so is none."""
    why = (next((why for _, why in phrases.calling(words)), None) if len(text) <= _CALL else None) or next(
        (why for _, why in phrases.saying(words)), None
    )
    return None if why and linked < _LINK and _is_report(text, words, phrases) else why


def is_report(text: str, language: str) -> bool:
    """Whether a text quotes somebody: a quotation, and a verb of saying."""
    phrases, words = table(language), key(text)
    says = not phrases.speech.isdisjoint(words.split()) or any(v in words for v in phrases.spoken_speech)
    return says and _quotes(text)


def _quotes(text: str) -> bool:
    return _QUOTED.match(text) is not None or _QUOTED_PLAINLY.search(text) is not None


def _is_report(text: str, words: str, phrases: Table) -> bool:
    """A whole sentence that quotes something, or has a verb of saying."""
    if not ends_sentence(text):
        return False
    return (
        _quotes(text) or not phrases.speech.isdisjoint(words.split()) or any(v in words for v in phrases.spoken_speech)
    )


def _unreadable(text: str) -> str | None:
    """What no reader could read: no words, or one word without an end, or bytes of no encoding."""
    if text.count("\ufffd") > _UNREADABLE * len(text):
        return "unreadable"
    if _PROGRAM_ERROR.search(text):
        return "message of a program"
    endless = len(text) > SHORT and text.isascii() and " " not in text[:SHORT]
    return "no words" if endless or not _WORDS.search(text) else None


def _uncounted(words: str) -> str:
    """'comments 12' and '12 comments' -> 'comments'."""
    return " ".join(w for w in words.split() if not w.isdigit())


def _is_label(text: str, words: str, phrase: str, why: str, linked: float) -> bool:
    """Whether a phrase that opens a block makes it furniture: a colon follows, or a link, or it is no sentence."""
    rest = words[len(phrase) :].split()
    if not rest:
        return False
    colon = min((at for mark in ":：" if (at := text.find(mark)) >= 0), default=-1)
    sentence = bool(_STOP.search(text[-12:]))
    if linked >= _LINK or (not sentence and len(rest) <= _LABEL_WORDS):
        return True
    # What a colon follows is a sentence too where a paragraph begins with its subject ('Comments: the law says ...').
    return 0 <= colon <= len(phrase) + 6 and (why in ("related", "caption") or not sentence or len(text) <= _BRIEF)


def ends_article(text: str, language: str) -> str | None:
    """The reason, if this block is the heading of something that follows the article."""
    return None if len(text) > 80 else table(language).ends.get(_uncounted(key(text)))


def signature(text: str, language: str, names: Iterable[str] = ()) -> str | None:
    """'byline' or 'date' for a line that says who and when and nothing else, or None.

    Such a line consists of names, words of bylines and dates, months, days and numbers. `names` are keys of what the
    page calls its author, agency and site. Made for the lines above and below an article: a table of dates inside it
    would look the same.
    """
    if len(text) > _SIGNATURE or not _WORDS.search(text):
        return None
    if _INITIALS.fullmatch(text):
        return "byline"
    phrases, rest = table(language), f" {key(text)} "
    named = False
    for name in names:
        if name and f" {name} " in rest:
            rest, named = rest.replace(f" {name} ", " "), True
    left = [word for word in _unwritten(rest, phrases) if word not in phrases.small]
    month = any(word in phrases.months for word in rest.split())
    dates = len(_DATE.findall(text)) or int(month and bool(_YEAR.search(text)))
    if not left:
        timed = month or any(c.isdigit() for c in text) or text.rstrip().endswith((":", "："))
        return "byline" if named else "date" if timed else None
    opened = any(rest.startswith(f" {phrase} ") for phrase in phrases.by) or _said_before_colon(text, phrases)
    if ends_sentence(text) or len(left) > _NAMES or not _are_names(text, left, caseless=opened):
        return "date" if dates and len(left) == 1 and len(text) <= _DATELINE and not ends_sentence(text) else None
    if opened:
        return "byline"
    beside = dates == 1 and ":" not in _CLOCK.sub("", text)
    return "byline" if beside and len(left) <= _NAMES_BESIDE_DATE else None


def _said_before_colon(text: str, phrases: Table) -> bool:
    """Whether it begins with a word that opens a byline only where a colon, a dash or a bar follows."""
    mark = _NAMELY.search(text, 0, _LABEL)
    return mark is not None and key(text[: mark.start()]) in phrases.by_before_colon


def author(byline: str, language: str) -> str:
    """The name in 'By Jane Miller, Staff Writer' or 'Par Claire Dubois | 12 mars': two to five words with capitals."""
    words = byline.replace("\u00a0", " ").split()
    phrases = table(language)
    opens = (*phrases.by, *phrases.by_before_colon)
    start = max((len(p.split()) for p in opens if key(" ".join(words[: len(p.split())])) == p), default=0)
    name: list[str] = []
    for word in words[start:] if start else ():
        small = key(word) in phrases.small or not word[0].isupper()
        if small and not (name and word.lower() in _PARTICLES):
            break
        name.append(word.strip(",;|()"))
        if word.endswith((",", ";", ")")):
            break
    return " ".join(name) if 2 <= len(name) <= 5 else ""


def _unwritten(rest: str, phrases: Table) -> Iterator[str]:
    """The words that are no numbers; of scripts without blanks, what is left beside known words."""
    for word in rest.split():
        parts = [word]
        if WIDE.search(word):
            dated = any(c.isdigit() for c in word)
            for known in phrases.spoken:
                if dated or len(known) > 1:  # a single sign is a day in a date, and anything in a name
                    word = word.replace(known, " ")  # noqa: PLW2901
            parts = word.split()
        yield from (part for part in parts if not _NUMBER.fullmatch(part))


def _are_names(text: str, left: list[str], *, caseless: bool) -> bool:
    """Whether every remaining word is written like a name: with a capital, or in a `caseless` script if allowed."""
    capitals = {key(w) for w in _WORDS.findall(text) if w[0].isupper() or (caseless and w.lower() == w.upper())}
    if caseless:  # vowel signs of India part a key where they do not part a word
        capitals.update(part for w in text.split() if w.lower() == w.upper() for part in key(w).split())
    return all(word in capitals for word in left)


def is_breadcrumb(text: str, titles: Iterable[str]) -> bool:
    """'Home > Politics > Elections': short parts between signs of a path, or the title with the page's name."""
    parts = _CRUMB.split(text)
    if len(parts) < 2 or len(text) > 300:
        return False
    if len(parts) == 2:
        return any(key(part) in titles for part in parts)
    return not ends_sentence(text) and max(map(len, parts[:-1])) <= 40


def is_picture_line(text: str, language: str) -> bool:
    """A caption that ends with whom the picture is from: '... after the vote. Photo: Jane Doe', '... © AFP'."""
    if len(text) > _SIGNATURE + 100:
        return False
    end = text[-_CREDIT:]
    if "©" in end:
        return not end.startswith("©")
    if ":" not in end and "：" not in end:
        return False
    for phrase in table(language).captions:
        at = end.rfind(phrase)
        if at > 0 and end[at - 1] in " (|/[" and end[at + len(phrase) :].lstrip()[:1] in (":", "："):
            return not ends_sentence(end.rstrip(")] "))
    return False


def speaks_of_consent(text: str, language: str) -> bool:
    """Whether a paragraph asks for consent to cookies: it names them twice, or once with wording of such walls, and
    speaks to the reader. A report of cookies does not, or it has a speaker.
    """
    words = f" {key(text)} "
    cookies = len(_COOKIES.findall(words))
    named = cookies or _BISCUITS.search(words)
    if not named or (cookies < 2 and not _walled(words, language, "consent")):
        return False
    asks = WIDE.search(words) is not None or not _ADDRESS.isdisjoint(words.split())
    return asks and not is_report(text, language)


def speaks_of_paywall(text: str, language: str) -> bool:
    """Whether a short paragraph tells that the rest is for subscribers."""
    return len(text) <= SHORT and _walled(key(text), language, "paywall")


def _walled(words: str, language: str, kind: str) -> bool:
    return any(phrase in words for phrase, reason in table(language).walls if reason == kind)


def is_address(text: str) -> bool:
    """A line that is mostly URLs or mail addresses."""
    words = text.split()
    addresses = (w for w in words if w.startswith(("http://", "https://", "www.")) or 0 < w.find("@") < w.rfind("."))
    return 2 * sum(map(len, addresses)) > len(text)


def is_rights(text: str) -> bool:
    """'© 2024 The Paper' and the like."""
    return len(text) <= _SIGNATURE and bool(_RIGHTS.search(text)) and not ends_sentence(text.rstrip("."))
