"""Reachability of the code: a walk over names, from what starts the program to whatever it can come to. Nothing is run.

A module-level name is reached where reached code mentions it: inside its own module, through an import, or as an attribute of an
imported module. A method is reached with its class where reached code mentions an attribute of that name, or, in a module that
looks attributes up by name, a text that is it; a private one where its own module does. Names that a function shadows count too:
the walk errs towards reached.
"""

import ast
import importlib
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
Named = Function | ast.ClassDef | ast.Assign | ast.AnnAssign
Symbol = tuple[str, str]
"""Module, and a name in it; ``Class.method`` for a method."""
_FENCED = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Module:
    """One file, parsed."""

    name: str
    tree: ast.Module
    is_package: bool = False

    @cached_property
    def definitions(self) -> dict[str, list[Named]]:
        """What it defines, by name; a name may be defined in branches."""
        found: dict[str, list[Named]] = {}
        for node in self.tree.body:
            for name in _defined(node):
                found.setdefault(name, []).append(node)  # type: ignore[arg-type]
        return found

    @cached_property
    def running(self) -> list[ast.stmt]:
        """Statements that do something when it is imported."""
        return [node for node in self.tree.body if not _defined(node)]

    @cached_property
    def looks_up_by_name(self) -> bool:
        """Whether a text in it may be the name of an attribute."""
        return any(not isinstance(name, ast.Constant) for name in self._looked_up)

    @cached_property
    def _looked_up(self) -> list[ast.expr]:
        """Second arguments of ``getattr``."""
        calls = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and len(node.args) > 1]
        return [call.args[1] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "getattr"]

    @cached_property
    def imports(self) -> dict[str, set[Symbol]]:
        """What names stand for that are imported anywhere in it; the second part is empty for a module."""
        bound: dict[str, set[Symbol]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    target = alias.name if alias.asname else alias.name.split(".")[0]
                    bound.setdefault(alias.asname or target, set()).add((target, ""))
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    bound.setdefault(alias.asname or alias.name, set()).add((node.module or "", alias.name))
        return bound


def read(root: Path, folders: Sequence[str]) -> dict[str, Module]:
    """Every module below some packages of a source tree, by dotted name."""
    found = {}
    for path in sorted(path for folder in folders for path in (root / folder).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        found[name] = Module(name, ast.parse(path.read_text()), is_package)
    return found


def script(path: Path) -> Module:
    """A file that is run: a page, an example, or the Python of a document."""
    text = path.read_text()
    if path.suffix == ".md":
        text = "\n".join(_FENCED.findall(text))
    return Module(f"<{path.name}>", ast.parse(text))


@dataclass(eq=False)
class Walk:
    """What can be come to from some doors."""

    modules: dict[str, Module]
    registers: Sequence[str] = ()
    """Packages in which a decorator is a caller, such as a command line's"""
    reached: set[Symbol] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)
    _mentioned: set[Symbol] = field(default_factory=set)
    """(module, attribute or text)"""
    _waiting: deque[tuple[Module, ast.AST]] = field(default_factory=deque)
    _classes: list[tuple[Module, ast.ClassDef]] = field(default_factory=list)

    def start(self, doors: Iterable[Module]) -> None:
        """Run scripts, and follow all that they come to."""
        for door in doors:
            self._waiting.extend((door, node) for node in door.tree.body)
        self.follow()

    def follow(self) -> None:
        """Go on until nothing new is found."""
        while self._waiting or self._met():
            while self._waiting:
                self._read(*self._waiting.popleft())

    def unreached(self) -> Iterator[str]:
        """Modules that nothing imports, and names that nothing reached mentions, each as ``module`` or ``module:name``."""
        for name, module in self.modules.items():
            if name not in self.imported:
                if module.tree.body[1:] or not module.is_package:  # a docstring alone is no code
                    yield name
                continue
            for defined, nodes in module.definitions.items():
                if _is_dunder(defined):
                    continue
                if (name, defined) not in self.reached:
                    yield f"{name}:{defined}"
                    continue
                for node in nodes:
                    for method in _methods(node):
                        if (name, f"{defined}.{method.name}") not in self.reached:
                            yield f"{name}:{defined}.{method.name}"

    def run(self, name: str) -> None:
        """Import a module, its packages first."""
        parent = name.rpartition(".")[0]
        if parent:
            self.run(parent)
        module = self.modules.get(name)
        if module is None or name in self.imported:
            return
        self.imported.add(name)
        self._waiting.extend((module, node) for node in module.running)
        registering = any(name == package or name.startswith(f"{package}.") for package in self.registers)
        for defined, nodes in module.definitions.items():
            decorators = [part for node in nodes for part in getattr(node, "decorator_list", [])]
            if (decorators and registering) or any("register(" in ast.unparse(part) for part in decorators):
                self.reach(name, defined)

    def reach(self, module_name: str, name: str) -> None:
        """Come to a name of a module, which may be a module itself or stand for something imported."""
        inside = f"{module_name}.{name}" if name else module_name
        self.run(inside)
        module = self.modules.get(module_name)
        if module is None or not name or (module_name, name) in self.reached:
            return
        self.run(module_name)
        self.reached.add((module_name, name))
        for target, part in module.imports.get(name, ()):
            self.reach(target, part)
        for node in module.definitions.get(name, ()):
            if isinstance(node, ast.ClassDef):
                self._classes.append((module, node))
                self._waiting.extend((module, part) for part in ast.iter_child_nodes(node) if not isinstance(part, Function))
            else:
                self._waiting.append((module, node))

    def _met(self) -> bool:
        """Take up methods of reached classes that have been mentioned since."""
        for module, node in self._classes:
            for method in _methods(node):
                symbol = (module.name, f"{node.name}.{method.name}")
                private = method.name.startswith("_") and not _is_dunder(method.name)
                where = module.name if private else ""
                if symbol in self.reached:
                    continue
                if (where, method.name) in self._mentioned or _is_dunder(method.name) or self._overrides(module, node, method):
                    self.reached.add(symbol)
                    self._waiting.append((module, method))
        return bool(self._waiting)

    def _overrides(self, module: Module, node: ast.ClassDef, method: Function) -> bool:
        """Whether a class of another project calls the method."""
        for base in node.bases:
            name, _, attribute = ast.unparse(base).partition(".")
            for source, part in module.imports.get(name, ()):
                if source.partition(".")[0] not in self.modules:
                    path = [each for each in (part, *attribute.split(".")) if each]
                    found = importlib.import_module(source)
                    for each in path:
                        found = getattr(found, each, None) or importlib.import_module(f"{source}.{each}")
                    if hasattr(found, method.name):
                        return True
        return False

    def _read(self, module: Module, tree: ast.AST) -> None:
        for node in ast.walk(tree):
            match node:
                case ast.Import() | ast.ImportFrom():
                    self._import(node)
                case ast.Name(id=name):
                    self._name(module, name)
                case ast.Attribute(attr=name):
                    self._mention(module, name)
                    self._attribute(module, node)
                case ast.Constant(value=str(text)):
                    self._text(module, text)
                case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]):
                    self._mention(module, name)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        source = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        self.run(source.rstrip("."))
        for alias in node.names:
            self.run(f"{source}{alias.name}" if f"{source}{alias.name}" in self.modules else "")

    def _name(self, module: Module, name: str) -> None:
        if name in module.definitions:
            self._own(module, name)
        for target, part in module.imports.get(name, ()):
            self.reach(target, part)

    def _own(self, module: Module, name: str) -> None:
        if module.name in self.modules:
            self.reach(module.name, name)

    def _attribute(self, module: Module, node: ast.Attribute) -> None:
        """``module.name``, ``package.module.name``."""
        parts = [node.attr]
        inner = node.value
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            return
        for target, part in module.imports.get(inner.id, ()):
            place = f"{target}.{part}" if f"{target}.{part}" in self.modules else target if not part else ""
            for name in reversed(parts):
                if not place:
                    break
                self.reach(place, name)
                place = f"{place}.{name}" if f"{place}.{name}" in self.modules else ""

    def _text(self, module: Module, text: str) -> None:
        if text in self.modules:  # started by its name
            self.run(text)
            self.run(f"{text}.__main__")
        elif text.isidentifier() and module.looks_up_by_name:
            self._mention(module, text)
        for name in re.findall(r"\w+", text) if len(text) < 100 else ():  # an annotation in quotes
            if name in module.definitions and isinstance(module.definitions[name][0], ast.ClassDef):
                self._own(module, name)

    def _mention(self, module: Module, name: str) -> None:
        self._mentioned |= {("", name), (module.name, name)}


def _defined(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _methods(node: ast.AST) -> list[Function]:
    return [part for part in node.body if isinstance(part, Function)] if isinstance(node, ast.ClassDef) else []


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")
