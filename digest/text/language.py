"""Language detection of a text, with the language that its feed or page declares as a hint.

A script that only one language uses decides at once. Otherwise py3langid (a naive Bayes model over byte sequences)
ranks the languages of the script, weighted by how often news is written in them. A declaration is a strong hint, not
the answer: it loses when the text clearly differs, as on English pages whose template says 'de'.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

from digest.text.words import primary

_SAMPLE = 2000  # characters; the model's certainty stops growing long before
_DECLARED = 4.0  # factor for a declared language: enough to separate related languages on a short title
_CERTAIN = 0.25  # minimum probability of a language that is returned
_NOT_LANGUAGE = re.compile(r"https?://\S+|www\.\S+|[^\s@]{1,64}+@\S+|[@#]\w+|&\w+;|<[^<>]{1,200}>")
_NO_CODES = frozenset({"und", "mul", "zxx", "mis", "x", "i", "xx", "en-gb"})

# Scripts by the ranges of their letters, with the language that owns them ("" where several share them).
_SCRIPTS = {
    "Latn": (r"A-Za-zªºÀ-ÖØ-öø-ɏḀ-ỿ", ""), "Cyrl": (r"\u0400-\u052f", ""), "Arab": (r"\u0620-\u06ff\u0750-\u077f", ""),
    "Grek": (r"\u0370-\u03ff\u1f00-\u1fff", "el"), "Hebr": (r"\u05d0-\u05ea", "he"), "Armn": (r"\u0531-\u0587", "hy"),
    "Geor": (r"\u10a0-\u10ff", "ka"), "Deva": (r"\u0900-\u0963\u0970-\u097f", ""), "Beng": (r"\u0980-\u09ff", ""),
    "Guru": (r"\u0a00-\u0a7f", "pa"), "Gujr": (r"\u0a80-\u0aff", "gu"), "Orya": (r"\u0b00-\u0b7f", "or"),
    "Taml": (r"\u0b80-\u0bff", "ta"), "Telu": (r"\u0c00-\u0c7f", "te"), "Knda": (r"\u0c80-\u0cff", "kn"),
    "Mlym": (r"\u0d00-\u0d7f", "ml"), "Sinh": (r"\u0d80-\u0dff", "si"), "Thai": (r"\u0e00-\u0e7f", "th"),
    "Laoo": (r"\u0e80-\u0eff", "lo"), "Mymr": (r"\u1000-\u109f", "my"), "Ethi": (r"\u1200-\u137f", "am"),
    "Khmr": (r"\u1780-\u17ff", "km"), "Hang": (r"\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3", "ko"),
    "Kana": (r"\u3041-\u30ff\uff66-\uff9d", "ja"), "Hani": (r"\u3400-\u4dbf\u4e00-\u9fff", ""),
}  # fmt: skip
_LETTERS = {script: re.compile(f"[{letters}]") for script, (letters, _) in _SCRIPTS.items()}

# Languages that share a script.
_SHARING = {
    "Latn": "en fr de es it pt nl sv da no fi pl cs sk hu ro tr hr sl ca et lt lv vi id ms sq is ga eu gl af mt cy sw"
    " az bs sr tl lb",
    "Cyrl": "ru uk bg sr mk be kk ky tg mn",
    "Arab": "ar fa ur ps ug",
    "Deva": "hi mr ne",
    "Beng": "bn as",
    "Hani": "zh ja",
}
_RARE = "ms bs gl af mt cy ga eu is sq sw az tl lb ky tg mn ps ug as"  # used less often in news than related languages
_RARITY = dict.fromkeys(_RARE.split(), 0.4)
# Letters that only one language of a script uses: one of them outweighs the model on a short title.
_OWN = {
    "uk": "іїєґ", "be": "ў", "sr": "ћђљњџ", "mk": "ѓќѕ", "kk": "әғқңұһ", "fa": "گچپژ", "ur": "ٹڈڑےںھ", "ps": "ټډړږښڼې",
    "ja": "込働畑辻枠気売発経済対円駅図広県団囲価仏払拠読両労渋沢浜児雑戦総続権徳歩黒検薬営変実落株",
}  # fmt: skip
# Words that separate a language from its closest relative; each outweighs the model a little.
_TELLING = {
    "da": "af hospital hvad uge åbner meget siger kører", "no": "hva uke åpner mye sier kjører etter sykehus",
    "sv": "och inte är från vecka öppnar säger", "cs": "při není jsou ve lidí", "sk": "pri nie sú vo ľudí rokov",
    "id": "bahwa karena bisa kantor", "ms": "bahawa kerana boleh pejabat", "gl": "unha dunha coa", "bg": "са ще",
}  # fmt: skip
_TELLING_SETS = {code: frozenset(listed.split()) for code, listed in _TELLING.items()}
_NONE: frozenset[str] = frozenset()
_RIGHT_TO_LEFT = "ar arc arz ary ckb dv fa he ks nqo pnb ps sd syr ug ur yi"
_RTL = frozenset(_RIGHT_TO_LEFT.split())
_RTL_SCRIPT = re.compile(r"-(?:arab|hebr|syrc|thaa|nkoo)\b")


def detect(text: str, declared: Sequence[str] = ()) -> str:
    """The language of `text` as a two-letter code, or "" when it cannot be told.

    `declared` are BCP 47 tags from feed and page, the most trustworthy first; anything else is ignored.
    A text without letters cannot contradict them. Norwegian of either kind is "no".
    """
    hints = [
        code for tag in declared if (code := primary(tag)).isalpha() and 2 <= len(code) <= 3 and code not in _NO_CODES
    ]
    sample = _NOT_LANGUAGE.sub(" ", text[: 2 * _SAMPLE])[:_SAMPLE]
    script = _script(sample)
    if not script:
        return hints[0] if hints else ""
    owner = _SCRIPTS[script][1]
    if owner:
        kin = {"he": "yi"}.get(owner)
        return kin if kin in hints else owner
    return _among(sample, script, hints)


def direction(language: str) -> Literal["ltr", "rtl"]:
    """Return the writing direction of a language; its script subtag decides where there is one ('ku-Arab')."""
    tag = language.replace("_", "-").lower()
    if "-" in tag and (_RTL_SCRIPT.search(tag) or "-latn" in tag or "-cyrl" in tag):
        return "rtl" if _RTL_SCRIPT.search(tag) else "ltr"
    return "rtl" if primary(language) in _RTL else "ltr"


def _script(sample: str) -> str:
    """Return the script of most letters; a text with kana is Japanese however many Chinese characters it has."""
    counts = {script: len(pattern.findall(sample)) for script, pattern in _LETTERS.items()}
    counts["Hani"] *= 2  # one Chinese character carries as much as two or three letters
    if counts["Kana"] and counts["Kana"] * 12 >= counts["Hani"]:
        counts["Kana"] = 2 * counts["Kana"] + counts["Hani"]
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] else ""


def _among(sample: str, script: str, hints: Sequence[str]) -> str:
    """Return the likeliest of the languages that share a script."""
    known = _SHARING[script].split()
    belief = _probabilities(sample, (*known, *hints))
    letters = unicodedata.normalize("NFC", sample.lower())
    seen = frozenset(letters.split())
    for code in belief:
        rare = _RARITY.get(code, 1.0)
        own = any(c in letters for c in _OWN.get(code, ""))
        telling = len(_TELLING_SETS.get(code, _NONE) & seen)
        belief[code] *= (rare if code not in hints else 1.0) * (20.0 if own else 1.0) * 3.0**telling
    for rank, code in enumerate(dict.fromkeys(hints)):
        if code in belief:
            belief[code] *= _DECLARED / (rank + 1)
    best = max(belief, key=belief.__getitem__, default="")
    if not best or belief[best] < _CERTAIN:
        return next((h for h in hints if h in known), "")
    return best


def _probabilities(sample: str, codes: Sequence[str]) -> dict[str, float]:
    """Return the model's probability of each of `codes`, normalised to 1 over those that it knows."""
    ranked: dict[str, float] = {}
    wanted = set(codes)
    for label, share in _model().rank(sample):
        code = primary(label)
        if code in wanted:
            ranked[code] = max(share, ranked.get(code, 0.0))  # 'no' and 'nn' count as one language
    total = sum(ranked.values())
    return {code: share / total for code, share in ranked.items()} if total else {}


@lru_cache(maxsize=1)
def _model() -> Any:
    """Return our own identifier: other code in this process may restrict py3langid's global one."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
