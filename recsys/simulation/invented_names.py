"""Invented titles and names, pronounceable in the romanised manner of each language.

Words are composed of syllables, two invented words to a title, so that no real film bears it; people are invented the same way.
"""

from collections.abc import Iterator

import numpy as np

from recsys.simulation.keyed_rng import hash_counters, stream

_SYLLABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    # language: beginnings, middles, endings
    "Tamil": (
        ("Vel", "Kur", "Maru", "Thol", "Nira", "Sel", "Iza", "Pon", "Yaz", "Aru", "Mul", "Then", "Kav", "Olin", "Vaan", "Thir"),
        ("an", "ava", "un", "ila", "iya", "uva", "ada", "oli", "ara", "inda"),
        ("thai", "mugai", "nadu", "lam", "kuzal", "rai", "yam", "voli", "selai", "mozhi", "dhan", "kaval"),
    ),
    "Telugu": (
        ("Gad", "Chel", "Var", "Nal", "Sir", "Pod", "Kol", "Mand", "Jav", "Ud", "Yer", "Bhal", "Tol", "Ram", "Ven", "Aks"),
        ("ala", "avu", "iri", "edu", "ana", "ugu", "anta", "ela", "imi", "opu"),
        ("vadu", "lu", "gattu", "ndra", "mallu", "padu", "kota", "velli", "rasa", "danam", "jalli", "manu"),
    ),
    "Malayalam": (
        ("Ott", "Pul", "Kay", "Mazh", "Chir", "Nel", "Idav", "Kumb", "Vaz", "Thek", "Ang", "Ell", "Par", "Mun", "Kad", "Olav"),
        ("ara", "ini", "uva", "oli", "ana", "ira", "aka", "unna", "ela", "avi"),
        ("nizhal", "puram", "kkad", "vazhi", "thara", "manam", "ppuzha", "kal", "yoram", "thumbi", "nilav", "cherry"),
    ),
    "Kannada": (
        ("Hos", "Bel", "Mar", "Kod", "Gav", "Nav", "Tung", "Sam", "Hul", "Kir", "Dev", "Am", "Jog", "Mal", "Sid", "Ban"),
        ("ala", "ina", "uva", "ana", "eya", "adi", "ugu", "ara", "onda", "ike"),
        ("halli", "gere", "mane", "kadu", "banna", "loka", "dari", "kote", "hejje", "suli", "beedi", "gida"),
    ),
    "Hindi": (
        ("Dil", "Raah", "Chand", "Par", "Mehr", "Jaan", "Sar", "Naz", "Lam", "Bair", "Kesh", "Ajan", "Tar", "Zam", "Ul", "Hir"),
        ("aa", "iya", "oon", "esh", "ani", "ura", "awa", "ila", "andi", "era"),
        ("baari", "nagar", "rangi", "daar", "khana", "pur", "sheel", "mandi", "waas", "garh", "laya", "numa"),
    ),
    "Bengali": (
        ("Shon", "Moy", "Nod", "Brist", "Kol", "Jon", "Ashim", "Tor", "Bhor", "Phal", "Ror", "Ond", "Mek", "Chhay", "Din", "Pal"),
        ("ira", "olo", "aku", "ona", "ita", "uri", "emo", "adi", "oshi", "abo"),
        ("tola", "bari", "moni", "ghat", "lota", "dighi", "rong", "shur", "pathar", "jhuri", "nokkho", "bela"),
    ),
    "Marathi": (
        ("Gaav", "Sav", "Vaar", "Dong", "Mai", "Kas", "Ubh", "Zul", "Hir", "Pan", "Tard", "Nakh", "Sonk", "Bhak", "Lav", "Rut"),
        ("ala", "ica", "uli", "anya", "eri", "osha", "ava", "itra", "unda", "age"),
        ("wadi", "gaon", "cha", "pokh", "bari", "zep", "thar", "rekha", "vata", "nagari", "lek", "sawali"),
    ),
    "Gujarati": (
        ("Chok", "Vad", "Hel", "Garv", "Man", "Lah", "Rang", "Koy", "Sam", "Pad", "Avn", "Zar", "Tar", "Umb", "Dag", "Meg"),
        ("ali", "iyo", "ara", "una", "eli", "adi", "oti", "ansh", "uri", "ava"),
        ("pol", "vado", "sagar", "norang", "deep", "hali", "vat", "kutir", "yatra", "dhara", "patang", "melo"),
    ),
}  # fmt: skip
_GIVEN_ENDS = ("an", "esh", "ini", "aya", "ith", "ika", "endra", "ala", "iv", "ushi")
_FAMILY_ENDS = ("kar", "vani", "dhar", "palli", "mane", "rath", "nel", "sura", "yal", "kodi")


def titles(seed: int, name: str, languages: list[str]) -> list[str]:
    """One invented title for each movie, no two alike.

    Parameters
    ----------
    seed, name : which titles; the same two give the same ones
    languages : original language of each movie

    >>> titles(7, "x", ["Tamil", "Telugu"]) == titles(7, "x", ["Tamil", "Telugu", "Hindi"])[:2]
    True
    """
    taken: set[str] = set()
    out = []
    for number, language in enumerate(languages):
        title = next(t for t in _candidates(seed, name, number, language) if t.casefold() not in taken)
        taken.add(title.casefold())
        out.append(title)
    return out


def people(seed: int, role: str, language: str, count: int) -> list[str]:
    """Invented names of the stars or directors of one language, no two alike."""
    beginnings, middles, _ = _SYLLABLES[language]
    out: list[str] = []
    draws = _draws(seed, f"people:{role}:{language}", 0)
    while len(out) < count:
        given = _join(beginnings[next(draws) % len(beginnings)], _GIVEN_ENDS[next(draws) % len(_GIVEN_ENDS)])
        middle = _join(beginnings[next(draws) % len(beginnings)], middles[next(draws) % len(middles)])
        family = middle + _FAMILY_ENDS[next(draws) % len(_FAMILY_ENDS)]
        name = f"{given} {family}"
        if name not in out:
            out.append(name)
    return out


def _candidates(seed: int, name: str, number: int, language: str) -> Iterator[str]:
    beginnings, middles, endings = _SYLLABLES[language]
    draws = _draws(seed, f"title:{name}", number)
    while True:
        longer = next(draws) % 2
        words = []
        for place in range(2):
            word = _join(beginnings[next(draws) % len(beginnings)], middles[next(draws) % len(middles)])
            words.append(word + endings[next(draws) % len(endings)] if place == longer else word)
        yield " ".join(words)


def _join(beginning: str, rest: str) -> str:
    """One word; of two vowels that meet, the first is dropped.

    >>> _join("Maru", "inda"), _join("Vel", "inda")
    ('Marinda', 'Velinda')
    """
    meet = beginning[-1] in "aeiou" and rest[0] in "aeiou"
    return (beginning[:-1] if meet else beginning) + rest


def _draws(seed: int, name: str, number: int) -> Iterator[int]:
    key = hash_counters(stream(seed, name), number)
    batch = 0
    while True:
        yield from hash_counters(key, np.arange(batch, batch + 16)).tolist()
        batch += 16
