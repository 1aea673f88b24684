"""URLs: the canonical form of an address, its host, and whether it may be linked to. Pure.

The canonical form tells that two links lead to the same article; subscribers get the link as the feed gave it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit, urlunsplit

from digest.text.clean import plain


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Query parameters that name the referrer and never the content. Whole names, compared in lower case.
_TRACKING: Final = _words(
    """
    fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid ysclid twclid ttclid igshid igsh li_fat_id mc_cid mc_eid
    mkt_tok _ga _gl _hsenc _hsmi __hssc __hstc __hsfp hsctatracking epik s_kwcid ef_id wt_mc wtmc wt_zmc wickedid
    xtor xtref xtcr xtatc ns_mchannel ns_source ns_campaign ns_linkname ns_fee cmpid cmp icid ito ncid ocid ftag smid
    smtyp smprod dgcid soc_src soc_trk sr_share traffic_source trackingid guccounter __twitter_impression sfnsn
    ref_src ref_url referrer referer wprov cvid spm scid sref mbid emc campaign_id campaignid instance_id segment_id
    regi_id share_id sharetype
    """
)
_TRACKING_PREFIXES: Final = (
    "utm_",
    "at_",
    "pk_",
    "piwik_",
    "mtm_",
    "matomo_",
    "hsa_",
    "vero_",
    "oly_",
    "stm_",
    "guce_",
)
#: Parameters that have a meaning on some sites: dropped only with a value that names a channel.
_CHANNEL_NAMES: Final = _words("ref source src from via medium origin output outputtype mod feed utm sc c_id")
_CHANNELS: Final = _words("rss feed atom rss2 rssfeed feeds newsletter email twitter facebook homepage amp")
#: Host labels that only choose the mobile page.
_AMP_PARAMETERS: Final = frozenset({"amp", "m", "mobile"})
_INDEX: Final = re.compile(r"/index\.(?:html?|php|aspx?)\Z", re.IGNORECASE)
_SESSION: Final = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#]*", re.IGNORECASE)
#: Second-level labels under which names are registered: `m.co.uk` is a site, not the mobile form of `co.uk`.
_REGISTRIES: Final = _words("co com org net gov edu ac or ne go gob gouv asso mil nom ltd plc sch nhs in me")
_MOBILE: Final = ("m.", "mobile.", "amp.")
_FILM: Final = re.compile(r"[\w-]{6,20}\Z", re.ASCII)
_BAD_HOST: Final = re.compile(r"""[\x00-\x20"#%/<>?@\\^`{|}]""")
_BLANKS: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u200b\u2028\u2029\ufeff]+")


def is_web(url: str) -> bool:
    """Return whether `url` is an absolute http or https URL with a host and without spaces or control characters."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname)
        return known and not _BLANKS.search(url) and not _BAD_HOST.search(parts.hostname or "")
    except ValueError:
        return False


def host(url: str) -> str:
    """Return the host in lower case and ASCII (IDNA), without port; "" when there is none."""
    try:
        name = (urlsplit(url.strip()).hostname or "").rstrip(".")
    except ValueError:
        return ""
    return _ascii(name)


def absolute(base: str, href: str) -> str:
    """Resolve `href` against the page `base`: an absolute http or https URL, or "" when it cannot be one.

    White space inside is handled as in browsers (WHATWG URL: tabs and newlines are dropped, spaces encoded).
    """
    href = plain(re.sub(r"[\t\r\n]", "", href)).strip()
    try:
        url = _BLANKS.sub("%20", urljoin(base, href)) if href else ""
    except ValueError:
        return ""
    return url if is_web(url) else ""


def unwrap(url: str) -> str:
    """Return the target of a redirector that names it in its URL (Google Alerts, Google AMP, Facebook), else `url`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    name = (parts.hostname or "").removeprefix("www.")
    query = dict(parse_qsl(parts.query))
    target = ""
    if re.fullmatch(r"google\.[a-z.]{2,6}", name) and parts.path == "/url":
        target = query.get("url") or query.get("q") or ""
    elif name in ("l.facebook.com", "lm.facebook.com") and parts.path == "/l.php":
        target = query.get("u", "")
    elif re.fullmatch(r"google\.[a-z.]{2,6}", name) and parts.path.startswith("/amp/"):
        target = _amp_target(parts.path.removeprefix("/amp/"))
    elif name.endswith(".cdn.ampproject.org") or name == "cdn.ampproject.org":
        target = _amp_target(re.sub(r"\A/[a-z]/", "", parts.path))
    return target if is_web(target) else url


def _amp_target(path: str) -> str:
    secure = path.startswith("s/")
    return f"http{'s' if secure else ''}://{path[2:] if secure else path}"


@lru_cache(maxsize=4096)
def canonical(url: str) -> str:
    """Return the canonical form, equal for all links to one article; "" when `url` is no web address.

    It ignores http or https, www and mobile hosts, default ports, tracking parameters, AMP forms, fragments, a final
    slash and the order of the query; a URL with another port keeps its scheme. Idempotent.
    """
    url = unwrap(absolute("", url) or url.strip())
    if not is_web(url):
        return ""
    try:
        parts = urlsplit(urljoin(url, url))  # joining removes dot segments (RFC 3986, 5.2.4)
        port, scheme = parts.port, parts.scheme
    except ValueError:
        return ""
    if port is None or port in (80, 443):
        scheme, port = "https", None
    name, path, query = _video(_plain_host(host(url)), _plain_path(parts.path), _plain_query(parts.query))
    netloc = (f"[{name}]" if ":" in name else name) + (f":{port}" if port else "")
    fragment = (
        parts.fragment if parts.fragment.startswith("!") else ""
    )  # '#!' names a page, other fragments a place in it
    form = _encoded(urlunsplit((scheme, netloc, path, query, fragment)))
    return form if is_web(form) else ""  # IDNA turns a lone accent into 'xn-- -xbb', which is no host


def _encoded(url: str) -> str:
    """Return the URL with a sorted query and uniform percent-encoding, by w3lib."""
    from w3lib.url import canonicalize_url

    try:
        return str(canonicalize_url(url, keep_fragments=True))
    except (ValueError, UnicodeError):
        return quote(url, safe=":/?#[]@!$&'()*+,;=%")


def _ascii(name: str) -> str:
    name = unquote(name).lower()
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def _plain_host(name: str) -> str:
    """Return the host without www, and without a mobile or AMP label where the rest is a site of its own."""
    name = name.removeprefix("www.") if name.count(".") > 1 else name
    for label in _MOBILE:
        rest = name.removeprefix(label)
        if rest != name and "." in rest and not (rest.count(".") == 1 and rest.split(".")[0] in _REGISTRIES):
            return rest
    labels = name.split(".")
    if len(labels) > 3 and labels[1] == "m":  # fr.m.wikipedia.org
        del labels[1]
    return ".".join(labels)


def _plain_path(path: str) -> str:
    path = _SESSION.sub("", path)
    path = _INDEX.sub("/", path)
    if path.endswith(("/amp", "/amp/")) and path.count("/") > 1:
        head = path.rstrip("/")[: -len("/amp")]
        last = head.rsplit("/", 1)[-1]
        # The last path segment of an article is long or numbered; `/music/amp` is about amplifiers.
        path = head if len(last) >= 12 or any(c.isdigit() for c in last) else path
    path = re.sub(r"\.amp(?:\.html?)?\Z", lambda m: ".html" if m[0] != ".amp" else "", path)
    return path.rstrip("/") or "/"


def _plain_query(query: str) -> str:
    return "&".join(part for part in query.split("&") if part and not _is_noise(part))


def _is_noise(part: str) -> bool:
    name, _, value = part.lower().partition("=")
    return (
        name in _TRACKING
        or name.startswith(_TRACKING_PREFIXES)
        or (name in _CHANNEL_NAMES and value in _CHANNELS)
        or (name in _AMP_PARAMETERS and value in ("", "1", "true", "amp"))
    )


def _video(name: str, path: str, query: str) -> tuple[str, str, str]:
    """Return the canonical form of a YouTube link: the video's `v`, however it is linked."""
    if name == "youtu.be":
        film = path.strip("/")
    elif name in ("youtube.com", "youtube-nocookie.com") and path == "/watch":
        film = dict(parse_qsl(query)).get("v", "")
    elif name in ("youtube.com", "youtube-nocookie.com"):
        film = match[1] if (match := re.fullmatch(r"/(?:embed|live|v)/([^/]+)", path)) else ""
    else:
        film = ""
    return ("youtube.com", "/watch", f"v={film}") if _FILM.match(film) else (name, path, query)
