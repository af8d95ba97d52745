"""Pages compute nothing: they ask ``recsys.app`` for everything."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from recsys.app.shell import navigation

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "pages").rglob("*.py"))
PAGE_IDS = [str(path.relative_to(ROOT)) for path in PAGES]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", PAGES, ids=PAGE_IDS)
def test_a_page_imports_the_app_and_nothing_else(path: Path):
    for node in ast.walk(_tree(path)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[:2] == ["recsys", "app"] or name == "recsys.errors", name


@pytest.mark.parametrize("path", PAGES, ids=PAGE_IDS)
def test_a_page_does_no_arithmetic_and_decides_nothing(path: Path):
    barred = (
        ast.BinOp,
        ast.AugAssign,
        ast.Compare,
        ast.ListComp,
        ast.DictComp,
        ast.GeneratorExp,
        ast.For,
        ast.While,
        ast.FunctionDef,
    )
    for node in ast.walk(_tree(path)):
        assert not isinstance(node, barred), ast.dump(node)


@pytest.mark.parametrize("path", PAGES, ids=PAGE_IDS)
def test_a_page_names_no_session_key_and_catches_nothing_but_refusals(path: Path):
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("session_state", "query_params")
        if isinstance(node, ast.ExceptHandler):
            assert isinstance(node.type, ast.Name)
            assert node.type.id == "RecsysError"


@pytest.mark.parametrize("path", PAGES, ids=PAGE_IDS)
def test_a_page_is_short_and_says_what_it_answers(path: Path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    assert (ast.get_docstring(_tree(path)) or "").endswith("?")


def test_every_page_is_in_the_menu_and_every_place_is_a_page():
    listed = [place.path for section in navigation.MENU.values() for place in section]
    assert sorted(listed) == PAGE_IDS
    assert len({place.url for section in navigation.MENU.values() for place in section}) == len(listed)


def test_the_router_is_short():
    assert len((ROOT / "streamlit_app.py").read_text(encoding="utf-8").splitlines()) <= 40


def test_no_address_of_another_host_is_in_the_apps_sources():
    """Fonts, styles and scripts come with the program."""
    sources = [*(ROOT / "recsys" / "app").rglob("*"), ROOT / ".streamlit" / "config.toml", ROOT / "streamlit_app.py"]
    for path in sources:
        if path.suffix in (".py", ".css", ".toml", ".js"):
            text = path.read_text(encoding="utf-8")
            for name in ("http://www.w3.org/2000/svg", "https://json-schema.org/draft/2020-12/schema"):  # names, never fetched
                text = text.replace(name, "")
            assert "http://" not in text, path
            assert "https://" not in text, path


def test_tables_that_can_be_downloaded_are_drawn_in_one_place():
    """There their text is quoted where a spreadsheet would run it, on the page itself or in a container of it."""
    drawn = {
        path.relative_to(ROOT).as_posix()
        for path in [*(ROOT / "recsys" / "app").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and node.attr == "dataframe"
    }
    assert drawn == {"recsys/app/shell/tables.py"}


def test_only_one_place_of_the_app_catches_refusals_for_the_screen():
    """``except RecsysError`` draws boxes in one place; elsewhere its subclasses are caught to go on without what is missing."""
    drawing = [
        path.name
        for path in (ROOT / "recsys" / "app").rglob("*.py")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name) and node.type.id == "RecsysError"
    ]
    assert drawing.count("errors.py") == 1
    assert set(drawing) <= {"errors.py", "page_layout.py", "import_worker.py"}


def test_the_app_imports_no_solvers_and_never_loads_tensorflow():
    """All of it is imported, and a page run, in a process where TensorFlow is there to be imported.

    A solver takes a fifth of a second or more that a cold start would wait for.
    """
    code = (
        "import importlib, pkgutil, sys\n"
        "import recsys.app\n"
        "for found in pkgutil.walk_packages(recsys.app.__path__, 'recsys.app.'):\n"
        "    importlib.import_module(found.name)\n"
        "solvers = {'scipy.optimize', 'sklearn'} & set(sys.modules)\n"
        "assert not solvers, solvers\n"
        "from streamlit.testing.v1 import AppTest\n"
        "AppTest.from_file('streamlit_app.py', default_timeout=600).run()\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('tensorflow', 'tf_keras', 'keras', 'torch')))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True)
    assert ran.stdout.strip().splitlines()[-1] == "[]"


MARKDOWN = re.compile(
    r"\.(badge|button|caption|checkbox|download_button|error|expander|header|info|markdown|metric|popover|progress|spinner|success"
    r"|subheader|tabs|toast|toggle|warning)$|^st\.title$"
)
"""Functions of Streamlit whose texts are Markdown."""
SURE = frozenset({"exact", "fraction", "meaning", "label", "n_draws", "n_files", "size", "version", "word"})
"""Attributes that are numbers, or written in the glossary."""
QUOTING = re.compile(r"^(str|text\.sentence|text\.segment|.*\.title)$")
"""Functions whose answer holds words of the data as they are."""


def _unescaped(call: ast.Call) -> list[str]:
    """Pieces of a call's texts that come from an object, a mapping or a title as they are."""
    given = [*call.args[:1], *(word.value for word in call.keywords if word.arg in ("label", "help", "text", "body"))]
    filled = [piece for text in given if isinstance(text, ast.JoinedStr) for piece in text.values]
    pieces = [piece.value for piece in filled if isinstance(piece, ast.FormattedValue)]
    return [ast.unparse(piece) for piece in [*pieces, *given] if _is_data(piece)]


def _is_data(piece: ast.expr) -> bool:
    if isinstance(piece, ast.Attribute):
        return not (piece.attr.isupper() or piece.attr in SURE)
    if isinstance(piece, ast.Subscript):
        name = ast.unparse(piece.value).split(".")[-1]
        return not (name.isupper() or (isinstance(piece.slice, ast.Constant) and isinstance(piece.slice.value, int)))
    return isinstance(piece, ast.Call) and QUOTING.match(ast.unparse(piece.func)) is not None


def test_what_comes_from_data_is_escaped_where_it_is_written_into_markdown():
    """The tests of hostile words look at what pages send; this one at what nobody has thought of in them yet."""
    found = [
        f"{path.name}:{node.lineno} {piece}"
        for path in sorted((ROOT / "recsys" / "app").rglob("*.py"))
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call) and MARKDOWN.search(ast.unparse(node.func))
        for piece in _unescaped(node)
    ]
    assert found == []
