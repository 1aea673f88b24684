"""How fast mails are made, and how our compiler compares with the official MJML.

    python -m tests.benchmarks.render [--mjml FOLDER | --install FOLDER]

FOLDER holds `node_modules/mjml`; `--install` puts it there with npm first. Without either the comparison is skipped.
The same MJML, made by the classic theme, goes through both: ours with its styles inlined by css-inline, theirs by their
own. Ours compiles ten days' mails in turn, which have their shape in common, and, as a third measure, forgets shapes.
With `--pictures FOLDER` both results are photographed in Chromium and compared point by point.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from markupsafe import Markup

from digest.deliver.render import templates
from digest.deliver.render.compiler import Compiler
from digest.deliver.render.content_builder import PictureOf, build_content
from digest.deliver.render.mjml import compile_mjml, compile_uncached
from digest.deliver.render.renderer import Renderer
from digest.deliver.theme import RenderOptions
from digest.text.catalogue import locale
from tests.deliver import editions

_PICTURE: Final = editions.photograph(1)

NODE: Final = """
const mjml2html = require(process.argv[1]).default || require(process.argv[1]);
const source = require('fs').readFileSync(0, 'utf8');
(async () => {
  const times = [];
  let result;
  for (let i = 0; i < 25; i++) {
    const start = process.hrtime.bigint();
    result = await mjml2html(source, {});
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  console.log(JSON.stringify({times: times.slice(5), html: result.html}));
})();
"""


def measured(work: Callable[[], Any], rounds: int) -> float:
    """The median of so many rounds, in milliseconds, after three to warm up."""
    times = []
    for _ in range(rounds + 3):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[3:])


def source(stories: int) -> str:
    """The MJML of a whole mail, stories in it, as the classic theme writes it."""
    compiler = Compiler(str(templates.builtin()), [])
    pictures = editions.pictures(stories)
    mail_settings = editions.mail_settings()

    def picture_of(story: Any, shape: Any) -> Any:
        from digest.deliver.render.renderer import mail_picture

        return mail_picture(story, shape, theme, mail_settings, RenderOptions(), locale("en"), pictures, {})

    theme = templates.theme("classic")
    show: PictureOf = picture_of
    mail = build_content(editions.edition(stories=stories), mail_settings, theme, RenderOptions(), locale("en"), show)
    data = json.loads(json.dumps(asdict(mail)), object_hook=lambda fields: SimpleNamespace(**fields))
    words = locale("en")
    values = {"mail": data, "theme": "classic", "page": True, "_": words.gettext, "ngettext": words.ngettext}

    def fragment(story: Any) -> Markup:
        return Markup(compiler.source("classic/story.mjml.j2", story=story, **values))

    return compiler.source("classic/mail.mjml.j2", fragment=fragment, **values)


def whole(stories: int) -> None:
    """Whole mails of so many stories, by our renderer."""
    edition, mail_settings, pictures = (
        editions.edition(stories=stories),
        editions.mail_settings(),
        editions.pictures(stories),
    )
    variants = iter([RenderOptions(topics=frozenset({f"topic{n % 4}", f"x{n}"})) for n in range(1000)])
    with Renderer() as renderer:
        start = time.perf_counter()
        first = renderer.render(edition, mail_settings, pictures=pictures)
        cold = (time.perf_counter() - start) * 1000
        again = measured(lambda: renderer.render(edition, mail_settings, pictures=pictures), 30)
        variant = measured(lambda: renderer.render(edition, mail_settings, next(variants), pictures), 30)
    size = len(first.html.encode())
    print(f"  {stories} stories: first {cold:.0f}, again {again:.1f}, a variant {variant:.1f}; {size:,} bytes")


def days(mail: str) -> list[str]:
    """The same mail on ten days: other words and addresses in the same tags."""
    return [mail.replace("Harbour", f"Harbour {day}").replace("/2026/11/23/", f"/2026/11/{day}/") for day in range(10)]


def compile_next(mails: Iterator[str], compile_: Callable[[str], str]) -> None:
    """One day's mail through the compiler."""
    compile_(next(mails))


def against(module: Path, stories: int, pictures: Path | None) -> None:
    """The same MJML through both compilers, with styles inlined and without."""
    mail = source(stories)
    bare = re.sub(r'<mj-style inline="inline">.*?</mj-style>', "", mail, flags=re.DOTALL)
    plain, inlined = (measured(partial(compile_next, itertools.cycle(days(m)), compile_mjml), 60) for m in (bare, mail))
    anew = measured(partial(compile_next, itertools.cycle(days(mail)), compile_uncached), 60)
    their_plain, _ = official(module, bare)
    their_inlined, theirs = official(module, mail)
    mine = compile_mjml(mail)
    size, their_size = len(mine.encode()), len(theirs.encode())
    print(f"  {stories} stories, MJML alone: {plain:.2f} against {their_plain:.1f}, ratio {their_plain / plain:.1f}")
    for measure, ours in (("styles inlined", inlined), ("with no shape remembered", anew)):
        ratio = their_inlined / ours
        print(f"  {stories} stories, {measure}: {ours:.2f} against {their_inlined:.1f}, ratio {ratio:.1f}")
    print(f"  {stories} stories: {size:,} bytes against {their_size:,}, ratio {size / their_size:.3f}")
    if pictures:
        photograph(mine, theirs, pictures, stories)


def official(module: Path, mail: str) -> tuple[float, str]:
    """Median milliseconds and HTML of mjml on Node, warmed up."""
    command = ["node", "-e", NODE, str(module.resolve())]
    done = subprocess.run(command, input=mail, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    return statistics.median(answer["times"]), answer["html"]


def photograph(mine: str, theirs: str, folder: Path, stories: int) -> None:
    """Both in Chromium, at three widths; how many points differ to the eye."""
    from PIL import Image, ImageChops
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for width in (375, 640, 1000):
            shots = []
            for name, html in (("ours", mine), ("theirs", theirs)):
                page = browser.new_page(viewport={"width": width, "height": 700})
                page.route("**/*", lambda route: route.fulfill(body=_PICTURE, content_type="image/jpeg"))
                page.set_content(html, wait_until="load")
                path = folder / f"compare-{stories}-{width}-{name}.png"
                page.screenshot(path=path, full_page=True)
                shots.append(Image.open(path).convert("L"))
                page.close()
            if shots[0].size != shots[1].size:
                print(f"    {width} px: heights differ, {shots[0].height} against {shots[1].height}")
                continue
            histogram = ImageChops.difference(shots[0], shots[1]).histogram()
            print(f"    {width} px: {sum(histogram[16:]) / sum(histogram):.4%} of the points differ")
        browser.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mjml", type=Path, help="folder that has node_modules/mjml")
    parser.add_argument("--install", type=Path, help="install mjml into this folder with npm first")
    parser.add_argument("--pictures", type=Path, help="photograph both results into this folder")
    options = parser.parse_args()
    print("renderer: templates, MJML, styles, text part, checks in both schemes (ms a mail, median)")
    for stories in (12, 30):
        whole(stories)
    folder = options.mjml or options.install
    if options.install:
        options.install.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", str(options.install), "mjml"], check=True)
    if folder is None or not (folder / "node_modules" / "mjml").is_dir() or shutil.which("node") is None:
        print("skipped: the comparison with mjml, which needs node and --mjml or --install")
        return
    module = folder / "node_modules" / "mjml"
    version = json.loads((module / "package.json").read_text(encoding="utf-8"))["version"]
    print(f"compiling: ours against mjml {version} on Node, with its defaults (ms, median)")
    for stories in (12, 30):
        against(module, stories, options.pictures)


if __name__ == "__main__":
    main()
