"""Parser of attribute rules such as ``language = 'Tamil' and city_tier in (2, 3)`` into a tree. Nothing is ever run.

    rule   = and-rule { "or" and-rule }
    and    = not-rule { "and" not-rule }
    not    = "not" not-rule | "(" rule ")" | test
    test   = column ( "=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ) value
           | column [ "not" ] "in" "(" value { "," value } ")"
           | column [ "not" ] "between" value "and" value
           | column "is" [ "not" ] "null"
    value  = 'text' | number | true | false
    column = a word, or any name in double quotes

Key words in any case. A quote inside text is doubled. The language is small on purpose: what it cannot say cannot do harm.
"""

import math
import re
from dataclasses import dataclass
from typing import Literal, NoReturn

from recsys.errors import ScenarioError

Value = str | float | bool
Operator = Literal["=", "!=", "<", "<=", ">", ">="]

MAX_LENGTH = 2000
MAX_DEPTH = 40


@dataclass(frozen=True)
class Compare:
    """``column operator value``"""

    column: str
    operator: Operator
    value: Value


@dataclass(frozen=True)
class OneOf:
    """``column in (values)``"""

    column: str
    among: tuple[Value, ...]


@dataclass(frozen=True)
class Missing:
    """``column is null``"""

    column: str


@dataclass(frozen=True)
class Not:
    """Complement of a rule."""

    rule: "Rule"


@dataclass(frozen=True)
class And:
    """Conjunction: users of both rules."""

    left: "Rule"
    right: "Rule"


@dataclass(frozen=True)
class Or:
    """Disjunction: users of either rule."""

    left: "Rule"
    right: "Rule"


Rule = Compare | OneOf | Missing | Not | And | Or

_TOKENS = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")+")
    | (?P<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)
    | (?P<word>[^\W\d]\w*)
    | (?P<sign><=|>=|<>|!=|[=<>(),])
    )""",
    re.VERBOSE,
)
_KEYWORDS = frozenset({"and", "or", "not", "in", "is", "null", "between", "true", "false"})
_OPERATORS: dict[str, Operator] = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(text: str) -> Rule:
    """Parse a rule into its tree.

    Raises
    ------
    ScenarioError  E_SEGMENT: not a rule, with the place where it stops being one; E_NUMBER: a number beyond float64

    Examples
    --------
    >>> parse("city_tier = 2 and not plan = 'monthly'")
    And(left=Compare(column='city_tier', operator='=', value=2.0),
         right=Not(rule=Compare(column='plan', operator='=', value='monthly')))
    """
    if len(text) > MAX_LENGTH:
        raise ScenarioError.of("E_SEGMENT", f"a rule of {len(text)} characters.", f"Use at most {MAX_LENGTH}.")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._tokens()
        self.at = 0

    def whole(self) -> Rule:
        rule = self._either(0)
        if self._now.kind != "end":
            self._refuse("the rule goes on after its end", "Join tests with and / or.")
        return rule

    def _either(self, depth: int) -> Rule:
        rule = self._both(depth)
        while self._take_word("or"):
            rule = Or(rule, self._both(depth))
        return rule

    def _both(self, depth: int) -> Rule:
        rule = self._not(depth)
        while self._take_word("and"):
            rule = And(rule, self._not(depth))
        return rule

    def _not(self, depth: int) -> Rule:
        if depth > MAX_DEPTH:
            self._refuse("too many parentheses inside each other", f"Use at most {MAX_DEPTH}.")
        if self._take_word("not"):
            return Not(self._not(depth + 1))
        if self._take_sign("("):
            rule = self._either(depth + 1)
            self._need_sign(")")
            return rule
        return self._test()

    def _test(self) -> Rule:
        column = self._column()
        if self._take_word("is"):
            negated = self._take_word("not")
            self._need_word("null")
            return Not(Missing(column)) if negated else Missing(column)
        negated = self._take_word("not")
        if self._take_word("in"):
            rule: Rule = OneOf(column, self._list())
        elif self._take_word("between"):
            low = self._value()
            self._need_word("and")
            rule = And(Compare(column, ">=", low), Compare(column, "<=", self._value()))
        elif not negated and self._now.text in _OPERATORS:
            return Compare(column, _OPERATORS[self._next().text], self._value())
        else:
            self._refuse(f"{column} is not compared with anything", "Write for example city_tier = 2 or language in ('Tamil').")
        return Not(rule) if negated else rule

    def _column(self) -> str:
        token = self._next()
        if token.kind == "quoted":
            return token.text[1:-1].replace('""', '"')
        if token.kind == "word" and token.text.lower() not in _KEYWORDS:
            return token.text
        return self._refuse("an attribute is expected", "Write for example language = 'Tamil'.", token)

    def _list(self) -> tuple[Value, ...]:
        self._need_sign("(")
        values = [self._value()]
        while self._take_sign(","):
            values.append(self._value())
        self._need_sign(")")
        return tuple(values)

    def _value(self) -> Value:
        token = self._next()
        if token.kind == "text":
            return token.text[1:-1].replace("''", "'")
        if token.kind == "number":
            if self._now.kind in ("number", "word") and self._now.at == token.at + len(token.text):
                self._refuse("a value is expected", "Put text in single quotes, for example '18-24'.", token)
            number = float(token.text)
            if not math.isfinite(number):
                raise ScenarioError.of("E_NUMBER", f"{token.text} is too large a number.", "Give a smaller one.")
            return number
        if token.kind == "word" and token.text.lower() in ("true", "false"):
            return token.text.lower() == "true"
        return self._refuse("a value is expected", "Put text in single quotes, for example 'Tamil'.", token)

    @property
    def _now(self) -> _Token:
        return self.tokens[self.at]

    def _next(self) -> _Token:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def _take_word(self, word: str) -> bool:
        taken = self._now.kind == "word" and self._now.text.lower() == word
        self.at += taken
        return taken

    def _take_sign(self, sign: str) -> bool:
        taken = self._now.kind == "sign" and self._now.text == sign
        self.at += taken
        return taken

    def _need_word(self, word: str) -> None:
        if not self._take_word(word):
            self._refuse(f"{word!r} is expected", "Mend the rule there.")

    def _need_sign(self, sign: str) -> None:
        if not self._take_sign(sign):
            self._refuse(f"{sign!r} is expected", "Mend the rule there.")

    def _tokens(self) -> list[_Token]:
        tokens, at = [], 0
        end = len(self.text.rstrip())
        while at < end:
            match = _TOKENS.match(self.text, at)
            if match is None or match.lastgroup is None:
                rest = self.text[at:].lstrip()
                self._refuse(
                    "this is not part of a rule", "Use attributes, = != < > in between, and, or, not.", _Token("", rest, at)
                )
            start = match.start(match.lastgroup)
            tokens.append(_Token(match.lastgroup, match[match.lastgroup], start))
            at = match.end()
        return [*tokens, _Token("end", "", len(self.text))]

    def _refuse(self, what: str, remedy: str, token: _Token | None = None) -> NoReturn:
        token = token or self._now
        place = f"at {token.text[:20]!r} (character {token.at + 1})" if token.text else "at the end"
        raise ScenarioError.of("E_SEGMENT", f"the rule {self.text[:80]!r} cannot be read: {what} {place}.", remedy)
