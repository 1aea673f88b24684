"""Template compiler, run in a process of its own: Jinja2 in its sandbox, then MJML, then CSS written into the elements.

`python -m digest.deliver.render.compiler` reads requests and writes answers, each a 4-byte length and JSON. MJML can
overflow the stack and a template can use all memory (docs/hostile-input.md): then this process dies, and
`compiler_process` starts another. It gets no secrets and opens no connection.
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

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from digest.deliver.check import lint
from digest.deliver.render import text_part
from digest.deliver.render.mjml import MisplacedTagError, compile_mjml
from digest.text.catalogue import locale

#: Markers for a story, replaced by the parent process. Their noncharacters never occur in text (`digest.text.html`
#: removes them). They are comments, since an HTML parser moves text between table rows elsewhere.
_STORY_MARKER: Final = Markup("<mj-raw><!--\ufdd0%d\ufdd1--></mj-raw>")
_SEPARATOR: Final = "<!--\ufdd0\ufdd1-->"

#: Theme whose templates are the fallback.
FALLBACK_THEME: Final = "classic"

#: Exceptions that evaluating a template can raise.
_TEMPLATE_ERRORS: Final = (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class TemplateFailure(Exception):
    """A template cannot be rendered; `args` are message, file and line."""


class Compiler:
    """Compiles the templates of some folders on first use, and again when a file changes."""

    def __init__(self, builtin: str, folders: list[str]) -> None:
        builtin_loader = jinja2.FileSystemLoader(builtin)
        user_loaders = [jinja2.FileSystemLoader(folder) for folder in folders]
        self._loader = jinja2.ChoiceLoader(
            [*user_loaders, builtin_loader, jinja2.PrefixLoader({"builtin": builtin_loader})]
        )
        self._html = _environment(self._loader, autoescape=True)
        self._text = _environment(self._loader, autoescape=False)
        self._locale_folders = tuple(Path(folder).parent for folder in folders)

    def fragments(self, theme: str, mail: Any, stories: list[Any]) -> list[str]:
        """Return each story as rows of the mail's table, styles inlined."""
        values = {"mail": mail, "theme": theme, "page": False, **self._translations(mail.language)}
        head = self.source(f"{theme}/head.mjml.j2", **values)
        name = f"{theme}/story.mjml.j2"
        return [self._fragment(head, self.source(name, story=story, **values), mail, name) for story in stories]

    def _fragment(self, head: str, story: str, mail: Any, name: str) -> str:
        html = self._compile(
            f'<mjml lang="{mail.language}" dir="{mail.dir}">{head}<mj-body width="600px"><mj-section><mj-column>'
            f"<mj-raw>{_SEPARATOR}</mj-raw>{story}<mj-raw>{_SEPARATOR}</mj-raw>"
            "</mj-column></mj-section></mj-body></mjml>",
            name,
        )
        parts = html.split(_SEPARATOR)
        if len(parts) != 3:
            raise TemplateFailure("a story does not become one piece: keep mj-section and mj-column out of it", name, 0)
        return parts[1]

    def mail(self, theme: str, mail: Any) -> dict[str, str]:
        """Return the HTML with a marker for each story, numbered from 0 in reading order, and the text part."""
        order = {id(story): number for number, story in enumerate(_stories(mail))}

        def fragment(story: Any) -> Markup:
            return _STORY_MARKER % order[id(story)]

        translations = self._translations(mail.language)
        name = f"{theme}/mail.mjml.j2"
        source = self.source(name, mail=mail, theme=theme, page=True, fragment=fragment, **translations)
        return {"html": self._compile(source, name), "text": self.text(theme, mail)}

    def text(self, theme: str, mail: Any) -> str:
        """Return the text part, wrapped."""
        references = text_part.References()
        helpers = {
            "link": references.mark,
            "references": references.listing,
            "rule": lambda sign: sign * text_part.RULE,
        }
        name = f"{theme}/mail.txt.j2"
        translations = self._translations(mail.language)
        return text_part.tidy(self._render(self._text, name, mail=mail, theme=theme, **helpers, **translations))

    def subject(self, template: str, context: Any) -> str:
        """Return the subject line that a newsletter's own template makes."""
        try:
            return self._text.from_string(template).render(vars(context))
        except _TEMPLATE_ERRORS as error:
            raise TemplateFailure(str(error), "subject", 0) from error

    def source(self, name: str, **values: Any) -> str:
        """Return the MJML of a theme's template; raises TemplateFailure with file and line."""
        return self._render(self._html, name, **values)

    def _compile(self, source: str, name: str) -> str:
        try:
            return compile_mjml(source, check_structure=bool(self._locale_folders))
        except MisplacedTagError as error:
            raise TemplateFailure(str(error), self._path(name), 0) from error
        except ValueError as error:
            message = f"MJML: {error}, near: {_near(source, str(error))}{self._suspects(name)}"
            raise TemplateFailure(message, name, 0) from error

    def _path(self, name: str) -> str:
        """Return the path of the file that is used for a template of a theme."""
        for file in (name, f"{FALLBACK_THEME}/{name.partition('/')[2]}"):
            with contextlib.suppress(jinja2.TemplateNotFound):
                return self._loader.get_source(self._html, file)[1] or name
        return name

    def _suspects(self, name: str) -> str:
        """Return further lines for an error: unbalanced tags in the theme's templates."""
        faults = []
        for file in (name, name.replace("mail.", "head."), name.replace("story.", "head.")):
            with contextlib.suppress(jinja2.TemplateNotFound):
                source, path, _ = self._loader.get_source(self._html, file)
                faults += lint.unbalanced(source, path or file)
        return "".join(f"\n{fault}" for fault in dict.fromkeys(faults))

    def _render(self, environment: jinja2.Environment, name: str, **values: Any) -> str:
        try:
            _, _, file = name.partition("/")
            return environment.select_template([name, f"{FALLBACK_THEME}/{file}"]).render(values)
        except jinja2.TemplateSyntaxError as error:
            raise TemplateFailure(error.message or "not understood", error.name or name, error.lineno) from error
        except jinja2.TemplateNotFound as error:
            raise TemplateFailure(f"there is no template '{error.message}'", name, 0) from error
        except RecursionError as error:
            message = "it extends, includes or calls itself without an end"
            raise TemplateFailure(message, *_place(error, name)) from error
        except MemoryError as error:
            message = "it asks for more memory than any mail needs"
            raise TemplateFailure(message, *_place(error, self._path(name))) from error
        except _TEMPLATE_ERRORS as error:
            raise TemplateFailure(str(error), *_place(error, name)) from error

    def _translations(self, language: str) -> dict[str, Any]:
        words = locale(language, self._locale_folders)
        return {"_": words.gettext, "ngettext": words.ngettext}


def _environment(loader: jinja2.BaseLoader, autoescape: bool) -> jinja2.Environment:
    return ImmutableSandboxedEnvironment(
        loader=loader,
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        auto_reload=True,
        keep_trailing_newline=False,
        finalize=_printable,
    )


def _printable(value: Any) -> Any:
    """Return a value that a template prints; raises for others, or mails would show 'None' or '<built-in method …>'."""
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
    """Return file and line of the innermost template in the error's traceback, as Jinja2 rewrote it."""
    place = (name, 0)
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.endswith(".j2"):
            place = (frame.f_code.co_filename, line)
    return place


def _near(source: str, message: str) -> str:
    """Return the text around the byte offset that a parser's message names."""
    match = re.search(r"\d+", message)
    at = int(match[0]) if match else 0
    return source.encode()[max(0, at - 60) : at + 60].decode(errors="ignore").strip()


def _answer(compilers: dict[str, Compiler], request: dict[str, Any]) -> Any:
    key = json.dumps([request["builtin"], request["folders"]])
    if key not in compilers:
        compilers[key] = Compiler(request["builtin"], request["folders"])
    return getattr(compilers[key], request["do"])(*request["with"])


def main(source: BinaryIO, target: BinaryIO, memory: int) -> None:
    """Answer requests until the parent closes the pipe. `memory` limits this process, in bytes."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    compilers: dict[str, Compiler] = {}
    while len(size := source.read(4)) == 4:
        request = json.loads(source.read(int.from_bytes(size, "big")), object_hook=_read)
        try:
            answer: dict[str, Any] = {"ok": _answer(compilers, vars(request))}
        except TemplateFailure as failure:
            answer = {"failed": failure.args}
        except (MemoryError, RecursionError) as error:
            answer = {"failed": (f"{type(error).__name__}: the template asks for too much", "", 0)}
        body = json.dumps(answer).encode()
        target.write(len(body).to_bytes(4, "big") + body)
        target.flush()


def _read(data: dict[str, Any]) -> Any:
    return SimpleNamespace(**data)


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer, int(sys.argv[1]))
