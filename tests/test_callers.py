"""The walk that finds code without a caller, on programs of a few lines."""

from pathlib import Path

import pytest

from tests.callers import Walk, read, script

DOOR = "from house import used\nused.start()\n"


@pytest.mark.parametrize(
    ("module", "found"),
    [
        ("def start(): return _made()\ndef _made(): return 1\n", []),
        ("def start(): return 1\ndef _made(): return 1\n", ["house.used:_made"]),
        ("def start(): return 1\ndef _made(): return _made()\n", ["house.used:_made"]),  # calls itself alone
        ("def start(): return 1\ndef _one(): return _two()\ndef _two(): return 1\n", ["house.used:_one", "house.used:_two"]),
        ("LIMIT = 3\ndef start(): return 1\n", ["house.used:LIMIT"]),
        ("LIMIT = 3\ndef start(most=LIMIT): return most\n", []),
        ("def start(): return Made()\nclass Made:\n    def _part(self): return 1\n", ["house.used:Made._part"]),
        ("def start(): return Made()._part()\nclass Made:\n    def _part(self): return 1\n", []),
        ("def start(): return Made()\nclass Made:\n    def __len__(self): return 1\n", []),
        ("from enum import Enum\ndef start(): return Made.A\nclass Made(Enum):\n    A = 1\n", []),
        ("import json\ndef start(): return Made()\nclass Made(json.JSONEncoder):\n    def default(self, o): return 1\n", []),
        ("def start(): return 1\ndef made():\n    '''Public, and called by nobody.'''\n", ["house.used:made"]),
        ("def start() -> 'Made': return 1\nclass Made: pass\n", []),
        ("def start(): return Made(), 'part'\nclass Made:\n    def part(self): return 1\n", ["house.used:Made.part"]),
        ("def start(): return getattr(Made(), 'part')\nclass Made:\n    def part(self): return 1\n", []),
        ("def start(): return [getattr(Made(), k) for k in ('part',)]\nclass Made:\n    def part(self): return 1\n", []),
    ],
)
def test_what_nothing_mentions_is_found(tmp_path: Path, module: str, found: list[str]):
    assert unreached(tmp_path, {"used": module}) == found


def test_a_caller_of_the_same_name_elsewhere_is_none(tmp_path: Path):
    """Two modules have a ``_season``; one of them is called."""
    other = "def start(): return _season()\ndef _season(): return 1\n"
    assert unreached(tmp_path, {"used": f"from house import other\n{other}", "other": "def _season(): return 1\n"}) == [
        "house.other:_season"
    ]


def test_a_module_that_only_tests_import_is_found(tmp_path: Path):
    assert unreached(tmp_path, {"used": "def start(): return 1\n", "spare": "def start(): return 1\n"}) == ["house.spare"]


def test_a_module_is_reached_inside_a_function_by_its_name_and_through_its_package(tmp_path: Path):
    used = (
        "import sys\nfrom house import rooms\n"
        "def start():\n    from house import late\n"
        "    return late.go(), rooms.kitchen(), [sys.executable, '-m', 'house.worker']\n"
    )
    files = {
        "used": used,
        "late": "def go(): return 1\n",
        "worker": "def main(): return 1\nif __name__ == '__main__':\n    main()\n",
        "rooms/__init__": "from house.rooms.kitchen import kitchen\n__all__ = ['kitchen']\n",
        "rooms/kitchen": "def kitchen(): return 1\n",
    }
    assert unreached(tmp_path, files) == []


def unreached(root: Path, files: dict[str, str]) -> list[str]:
    for name, text in {"__init__": "", **files}.items():
        path = root / "house" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "door.py").write_text(DOOR)
    walk = Walk(read(root, ["house"]))
    walk.start([script(root / "door.py")])
    return list(walk.unreached())
