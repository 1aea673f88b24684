"""Template compiler, run in a process of its own: Jinja2 in its sandbox, then MJML, then CSS written into the elements.

`python -m digest.deliver.render.compiler` reads requests and writes answers, each a 4-byte length and JSON. MJML can
overflow the stack and a template can take all memory (docs/hostile-input.md): then this process dies, and
`compiler_process` starts another. It is given no secrets and opens no connection.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO, Final

import css_inline
import jinja2
import mjml
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from digest.deliver.check import lint
from digest.deliver.render import minify, text_part
from digest.deliver.render.mjml_cache import Form, parted
from digest.text.catalogue import locale

#: What the parent finds where a story belongs; noncharacters, which `digest.text.html` takes out of every text.
#: In comments, since an HTML parser moves text that stands between the rows of a table.
_STORY: Final = Markup("<mj-raw><!--\ufdd0%d\ufdd1--></mj-raw>")
_BETWEEN: Final = "<!--\ufdd0\ufdd1-->"

#: Whose templates a theme uses that does not bring its own.
CLASSIC: Final = "classic"

_INLINE: Final = re.compile(r'<mj-style inline="inline">(.*?)</mj-style>', re.DOTALL)
_TITLE: Final = re.compile(r"<mj-title>(.*?)</mj-title>", re.DOTALL)
_LABEL: Final = re.compile(r' aria-label="[^"]*"')
_INLINER: Final = css_inline.CSSInliner(
    load_remote_stylesheets=False, keep_style_tags=False, keep_at_rules=False, minify_css=True
)


#: What a template can raise while it is printed.
_MISTAKES: Final = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class Misplaced(ValueError):
    """MJML that can be printed, with a tag where none may stand."""


class Failed(Exception):
    """A template cannot be printed; `args` are message, file and line."""


class Compiler:
    """The templates of some folders, compiled as they are needed; changed files are read again."""

    def __init__(self, builtin: str, folders: list[str]) -> None:
        own = jinja2.FileSystemLoader(builtin)
        theirs = [jinja2.FileSystemLoader(folder) for folder in folders]
        self._loader = jinja2.ChoiceLoader([*theirs, own, jinja2.PrefixLoader({"builtin": own})])
        self._html = _environment(self._loader, autoescape=True)
        self._text = _environment(self._loader, autoescape=False)
        self._catalogues = tuple(Path(folder).parent for folder in folders)

    def fragments(self, theme: str, mail: Any, stories: list[Any]) -> list[str]:
        """Each story as rows of the mail's table, styles inlined."""
        values = {"mail": mail, "theme": theme, "page": False, **self._words(mail.language)}
        head = self.source(f"{theme}/head.mjml.j2", **values)
        name = f"{theme}/story.mjml.j2"
        return [self._fragment(head, self.source(name, story=story, **values), mail, name) for story in stories]

    def _fragment(self, head: str, piece: str, mail: Any, name: str) -> str:
        html = self._compiled(
            f'<mjml lang="{mail.language}" dir="{mail.dir}">{head}<mj-body width="600px"><mj-section><mj-column>'
            f"<mj-raw>{_BETWEEN}</mj-raw>{piece}<mj-raw>{_BETWEEN}</mj-raw></mj-column></mj-section></mj-body></mjml>",
            name,
        )
        found = html.split(_BETWEEN)
        if len(found) != 3:
            raise Failed("a story does not become one piece: keep mj-section and mj-column out of it", name, 0)
        return found[1]

    def mail(self, theme: str, mail: Any) -> dict[str, str]:
        """The mail with a mark for each story, numbered from 0 in reading order, and its text part."""
        order = {id(story): number for number, story in enumerate(_stories(mail))}

        def fragment(story: Any) -> Markup:
            return _STORY % order[id(story)]

        words = self._words(mail.language)
        name = f"{theme}/mail.mjml.j2"
        html = self._compiled(self.source(name, mail=mail, theme=theme, page=True, fragment=fragment, **words), name)
        return {"html": html, "text": self.text(theme, mail)}

    def text(self, theme: str, mail: Any) -> str:
        """The text part, wrapped."""
        references = text_part.References()
        helpers = {
            "link": references.mark,
            "references": references.listing,
            "rule": lambda sign: sign * text_part.RULE,
        }
        name = f"{theme}/mail.txt.j2"
        return text_part.tidy(
            self._printed(self._text, name, mail=mail, theme=theme, **helpers, **self._words(mail.language))
        )

    def subject(self, template: str, context: Any) -> str:
        """A newsletter's own subject line."""
        try:
            return self._text.from_string(template).render(vars(context))
        except _MISTAKES as error:
            raise Failed(str(error), "subject", 0) from error

    def _compiled(self, source: str, name: str) -> str:
        try:
            return compiled(source, looked_through=bool(self._catalogues))
        except Misplaced as error:
            raise Failed(str(error), self._path(name), 0) from error
        except ValueError as error:
            raise Failed(f"MJML: {error}, near: {_near(source, str(error))}{self._suspects(name)}", name, 0) from error

    def _path(self, name: str) -> str:
        """The file that is read for a template of a theme."""
        for file in (name, f"{CLASSIC}/{name.partition('/')[2]}"):
            with contextlib.suppress(jinja2.TemplateNotFound):
                return self._loader.get_source(self._html, file)[1] or name
        return name

    def _suspects(self, name: str) -> str:
        """Where the theme's templates may be wrong, as further lines of an error."""
        found = []
        for file in (name, name.replace("mail.", "head."), name.replace("story.", "head.")):
            with contextlib.suppress(jinja2.TemplateNotFound):
                source, path, _ = self._loader.get_source(self._html, file)
                found += lint.unbalanced(source, path or file)
        return "".join(f"\n{fault}" for fault in dict.fromkeys(found))

    def source(self, name: str, **values: Any) -> str:
        """A template of a theme printed as MJML; raises Failed with file and line."""
        return self._printed(self._html, name, **values)

    def _printed(self, environment: jinja2.Environment, name: str, **values: Any) -> str:
        try:
            _, _, file = name.partition("/")
            return environment.select_template([name, f"{CLASSIC}/{file}"]).render(values)
        except jinja2.TemplateSyntaxError as error:
            raise Failed(error.message or "not understood", error.name or name, error.lineno) from error
        except jinja2.TemplateNotFound as error:
            raise Failed(f"there is no template '{error.message}'", name, 0) from error
        except RecursionError as error:
            raise Failed("it extends, includes or calls itself without an end", *_place(error, name)) from error
        except MemoryError as error:
            raise Failed("it asks for more memory than any mail needs", *_place(error, self._path(name))) from error
        except _MISTAKES as error:
            raise Failed(str(error), *_place(error, name)) from error

    def _words(self, language: str) -> dict[str, Any]:
        tongue = locale(language, self._catalogues)
        return {"_": tongue.gettext, "ngettext": tongue.ngettext}


def _environment(loader: jinja2.BaseLoader, autoescape: bool) -> jinja2.Environment:
    return ImmutableSandboxedEnvironment(
        loader=loader,
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        auto_reload=True,
        keep_trailing_newline=False,
        finalize=_text,
    )


def _text(value: Any) -> Any:
    """What a template prints, when it is text: else readers would get '<built-in method title of str …>' or 'None'."""
    if isinstance(value, str | int | float | Markup | jinja2.Undefined):
        return value
    kind = "a function" if callable(value) else "nothing (None)" if value is None else f"a {type(value).__name__}"
    raise jinja2.TemplateRuntimeError(f"it prints {kind}, which is no text: name one of its fields, or what to do else")


def _stories(mail: Any) -> Iterator[Any]:
    if mail.top:
        yield mail.top
    for part in mail.parts:
        yield from part.stories


def _place(error: BaseException, name: str) -> tuple[str, int]:
    """File and line of the innermost template in the error's trace, as Jinja2 rewrote it."""
    found = (name, 0)
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.endswith(".j2"):
            found = (frame.f_code.co_filename, line)
    return found


_FORMS: Final[dict[object, Form]] = {}
_MOST_FORMS: Final = 500  # of 5 to 50 kB


def compiled(source: str, *, looked_through: bool = False) -> str:
    """MJML -> HTML with the styles of `mj-style inline="inline"` in the elements. Raises ValueError for broken MJML.

    `looked_through`: for what users' templates made, whose new shapes may have tags in the wrong place: Misplaced. (It
    takes as long as compiling does, and our own templates have none.)
    """
    if "<style" in source[source.rfind("</mj-head>") :]:  # of a user's mj-raw: these words are none, they are inlined
        return printed(source)
    shape = parted(source)
    form = _FORMS.get(shape.key)
    if form is None:
        marked = shape.marked()  # without anybody's words, which may look like tags and templates
        try:
            form = Form.of(printed(marked), len(shape.fillings))
        except ValueError:
            return printed(source)  # which names the place where it is broken
        if looked_through and (fault := lint.misplaced(marked)):
            raise Misplaced(f"{fault.message}; {fault.remedy}")
        if len(_FORMS) >= _MOST_FORMS:
            _FORMS.clear()
        _FORMS[shape.key] = form
    return form.filled(shape.fillings)


def printed(source: str) -> str:
    """What `compiled` gives, made from nothing."""
    css = "\n".join(_INLINE.findall(source))
    html = minify.inherited(mjml.mjml2html(_INLINE.sub("", source), fonts={}, disable_comments=False), css)
    head, start, body = html.partition("<body")
    if title := _TITLE.search(source):  # the compiler writes 'L\\u{a0}Écho' here, which is then read aloud
        body = _LABEL.sub(lambda _: f' aria-label="{title[1]}"', body, count=1)
    html = _INLINER.inline(f"<!doctype html><html><head><style>{css}</style></head>{start}{body}")
    return minify.minified(head, html[html.index("<body") :])


def _near(source: str, message: str) -> str:
    """The place in the source that a parser's message names by byte offset."""
    match = re.search(r"\d+", message)
    at = int(match[0]) if match else 0
    return source.encode()[max(0, at - 60) : at + 60].decode(errors="ignore").strip()


def _answer(compilers: dict[str, Compiler], request: dict[str, Any]) -> Any:
    key = json.dumps([request["builtin"], request["folders"]])
    if key not in compilers:
        compilers[key] = Compiler(request["builtin"], request["folders"])
    return getattr(compilers[key], request["do"])(*request["with"])


def main(source: BinaryIO, target: BinaryIO, memory: int) -> None:
    """Answer until the other side closes. `memory` is the most bytes that this process may have."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    compilers: dict[str, Compiler] = {}
    while len(size := source.read(4)) == 4:
        request = json.loads(source.read(int.from_bytes(size, "big")), object_hook=_read)
        try:
            answer: dict[str, Any] = {"ok": _answer(compilers, vars(request))}
        except Failed as failed:
            answer = {"failed": failed.args}
        except (MemoryError, RecursionError) as error:
            answer = {"failed": (f"{type(error).__name__}: the template asks for too much", "", 0)}
        body = json.dumps(answer).encode()
        target.write(len(body).to_bytes(4, "big") + body)
        target.flush()


def _read(data: dict[str, Any]) -> Any:
    return SimpleNamespace(**data)


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer, int(sys.argv[1]))
