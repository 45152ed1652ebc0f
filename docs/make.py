"""Make the site: ``python docs/make.py``, and to publish it ``python docs/make.py --publish REMOTE``.

First what nobody writes by hand: the gallery out of the notebooks, tables out of tests and benchmarks. Then
Sphinx, with warnings as errors, and a look at every link. The site is in ``docs/_build/html``; ``--publish``
pushes it to the branch ``gh-pages`` of a git remote.
"""

import argparse
import base64
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

DOCS = Path(__file__).parent
ROOT = DOCS.parent
SITE = DOCS / "_build" / "html"
GALLERY = {
    "Why and which": ["why_scale", "which_scaler", "what_each_scaler_does", "mixed_features"],
    "Devices and sites": ["per_device_ct", "harmonisation"],
    "What goes wrong": ["no_leakage", "poisoned_statistics", "answers"],
    "Where the rows are": ["laptop_to_cluster"],
    "Layers": ["normalisation_layers", "norm_layers_in_a_head", "softmax_and_its_jacobian"],
}
COVER = {"answers": 1}  # which picture is on the tile, where it is not the first


def make_gallery():
    """Copy the notebooks, and write the page of tiles with a picture of each."""
    folder = DOCS / "gallery"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "tiles").mkdir(parents=True)
    known = [name for names in GALLERY.values() for name in names]
    there = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
    if sorted(known) != there:
        raise ValueError(f"GALLERY must list every notebook; it differs in {set(known) ^ set(there)}.")
    lines = [
        "# Gallery",
        "",
        "Short notebooks, one idea each. CI runs all of them; the figures are theirs.",
        "",
    ]
    for title, names in GALLERY.items():
        lines += [f"## {title}", "", "::::{grid} 1 1 2 2", ":gutter: 3", ""]
        for name in names:
            lines += tile(name, folder)
        lines += ["::::", ""]
    lines += ["```{toctree}", ":hidden:", "", *known, "```", ""]
    (folder / "index.md").write_text("\n".join(lines), "utf-8")


def tile(name, folder):
    """Write the picture of a notebook; return the lines of its tile."""
    path = ROOT / "notebooks" / f"{name}.ipynb"
    shutil.copy(path, folder)
    cells = json.loads(path.read_text("utf-8"))["cells"]
    title, _, text = "".join(cells[0]["source"]).partition("\n")
    title = title.removeprefix("# ").strip()
    first = " ".join(text.strip().split("\n\n")[0].split())
    first = " ".join(re.split(r"(?<=[.?!]) (?=[A-Z])", first)[:2])  # two sentences
    pictures = [
        "".join(output["data"]["image/png"])
        for cell in cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    lines = [f":::{{grid-item-card}} {title}", f":link: {name}", ":link-type: doc"]
    if pictures:
        (folder / "tiles" / f"{name}.png").write_bytes(base64.b64decode(pictures[COVER.get(name, 0)]))
        lines += [f":img-top: tiles/{name}.png", f":img-alt: A figure of the notebook {title}"]
    return [*lines, "", first, ":::", ""]


def make_table():
    """Try what works where, with the code of the tests; Spark too where it and Java are installed."""
    made = DOCS / "_made" / "what_works.md"
    made.parent.mkdir(exist_ok=True)
    has_spark = importlib.util.find_spec("pyspark") and shutil.which("java")
    spark = ["--spark"] if has_spark or os.environ.get("SKPREP_ALL_ENGINES") else []
    done = subprocess.run(
        [sys.executable, "-m", "tests.containers", *spark],
        cwd=ROOT,
        env=os.environ | {"SCIPY_ARRAY_API": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    made.write_text(done.stdout, "utf-8")


def make_help():
    """Write the help of the command line."""
    script = Path(sys.executable).with_name("skprep")
    lines = []
    for command in ("compare", "audit", "fit", "transform", "drift"):
        done = subprocess.run(
            [script, command, "--help"],
            env=os.environ | {"COLUMNS": "76", "TERM": "dumb", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        lines += [f"## skprep {command}", "", "```text", done.stdout.strip("\n"), "```", ""]
    (DOCS / "_made" / "help.md").write_text("\n".join(lines), "utf-8")


def copy_results():
    """Copy the last full run of the benchmarks, with its pictures."""
    folder = DOCS / "_made" / "results"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "benchmarks" / "results", folder)


def build():
    """Run Sphinx, with warnings as errors."""
    shutil.rmtree(DOCS / "_build", ignore_errors=True)
    shutil.rmtree(DOCS / "reference" / "generated", ignore_errors=True)
    cache = DOCS / "_build" / "doctrees"  # not in what is published
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "html",
        "-d",
        cache,
        DOCS,
        SITE,
    ]
    subprocess.run(command, cwd=ROOT, check=True)


class Page(HTMLParser):
    """The anchors of a page, and what it leads to inside of the site."""

    def __init__(self, path):
        super().__init__()
        self.path, self.anchors, self.targets = path, {""}, []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        """Take up an element."""
        attrs = dict(attrs)
        self.anchors.update(attrs[key] for key in ("id", "name") if attrs.get(key))
        for address in (attrs.get("href"), attrs.get("src")):
            parts = urlsplit(address or "")
            if address and not parts.scheme and not parts.netloc:
                place = self.path.parent / unquote(parts.path) if parts.path else self.path
                self.targets.append((address, place.resolve(), unquote(parts.fragment)))


def check_links():
    """Follow every link and anchor inside of the site; addresses of others are not asked."""
    pages = {
        path.resolve(): Page(path.resolve()) for path in SITE.rglob("*.html") if "_static" not in path.parts
    }
    known = {path.resolve() for path in SITE.rglob("*") if path.is_file()}  # and not what lies beside it
    dead = [
        f"{path.relative_to(SITE.resolve())}: {address}"
        for path, page in pages.items()
        for address, place, anchor in page.targets
        if place not in known or (place in pages and anchor not in pages[place].anchors)
    ]
    written = {SITE.resolve() / f"{name}.html" for name in ("genindex", "search", "py-modindex")}
    dead += [
        f"{path.name} has no twin in Markdown" for path in set(pages) - written if not twin(path).exists()
    ]
    if not (SITE / "llms.txt").exists():
        dead.append("llms.txt")
    if dead:
        raise SystemExit("Links must lead somewhere; these do not:\n" + "\n".join(dead))
    print(f"{sum(len(page.targets) for page in pages.values())} links on {len(pages)} pages, none dead")


def twin(page):
    """Return where the Markdown of a page is."""
    return page.with_name(page.name + ".md")


def publish(remote):
    """Push the site, as one commit without a past, to the branch gh-pages of a remote."""
    if "Spark" not in (DOCS / "_made" / "what_works.md").read_text("utf-8"):
        raise SystemExit("What is published must have tried Spark. Install Java 17 and the extra spark.")
    where = subprocess.run(
        ["git", "remote", "get-url", remote], cwd=ROOT, capture_output=True, text=True, check=False
    )
    address = where.stdout.strip() or remote
    address = str((ROOT / address).resolve()) if (ROOT / address).exists() else address
    who = subprocess.run(
        ["git", "var", "GIT_AUTHOR_IDENT"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    name, email = re.match(r"(.*) <(.*)>", who.stdout).groups()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SITE, folder, dirs_exist_ok=True)
        Path(folder, ".nojekyll").touch()
        for command in (
            ["init", "-q", "-b", "gh-pages"],
            ["add", "-A"],
            ["commit", "-q", "-m", "The site"],
            ["push", "--force", address, "gh-pages"],
        ):
            identity = ["-c", f"user.name={name}", "-c", f"user.email={email}"]
            subprocess.run(["git", *identity, *command], cwd=folder, check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--publish", metavar="REMOTE", help="a git remote, by name or address")
    chosen = parser.parse_args()
    make_gallery()
    make_table()
    make_help()
    copy_results()
    build()
    check_links()
    if chosen.publish:
        publish(chosen.publish)
