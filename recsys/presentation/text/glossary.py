"""The words on the screen, and the exact terms behind them."""

from typing import NamedTuple


class Entry(NamedTuple):
    """A word that buyers read, what it means, and what a statistician calls it."""

    word: str
    meaning: str
    exact: str


GLOSSARY: tuple[Entry, ...] = (
    Entry(
        "viewing hours",
        "Hours watched over the months looked ahead.",
        "Expected hours: occasions × choice share × hours per view, summed over users and months.",
    ),
    Entry(
        "adds",
        "Hours that would not have been watched without the movie.",
        "Incremental hours: hours of the scenario minus hours of the baseline, same random numbers in both.",
    ),
    Entry(
        "takes from",
        "Hours a new movie wins that people would have spent on another of our movies anyway.",
        "Cannibalised hours: gross hours on the offer minus incremental hours; victims ranked by hours lost.",
    ),
    Entry(
        "walk-away price",
        "The highest licence fee at which the deal still earns the return you ask for.",
        "Max bid: the fee at which NPV = hurdle rate × discounted cost, all other terms as offered.",
    ),
    Entry(
        "worth after cost",
        "What the deal earns over the months looked ahead, less everything it costs, in today's money.",
        "NPV: discounted revenue minus discounted cost.",
    ),
    Entry(
        "return",
        "Worth after cost for each rupee of cost; 0% is break-even.",
        "ROI = NPV / discounted cost.",
    ),
    Entry("hurdle", "The return that a purchase has to reach.", "Hurdle rate, from the workspace's economics.toml."),
    Entry(
        "what would turn it",
        "How much something that stands in no table would have to change an offer's appeal before the answer were another.",
        "Shift of the offer's utility, in nats for all users, at which NPV = hurdle rate × discounted cost, beside the residual "
        "standard deviation of cold appeal.",
    ),
    Entry("pays back", "First month in which the deal has earned what it cost.", "First month with cumulative NPV ≥ 0."),
    Entry(
        "expected",
        "The average over all the cases we think possible: the one figure to add up and to decide on. Half of the cases need not "
        "lie above it: a few great successes pull it up.",
        "Mean over the draws. Ratios are made from means; payback is where the mean cumulative NPV reaches 0.",
    ),
    Entry(
        "8 in 10 chance",
        "In eight of ten draws of everything we are unsure of, the figure lies in this range.",
        "P10 to P90 over a bootstrap ensemble of recommenders and draws of the choice parameters.",
    ),
    Entry(
        "audience effect",
        "What the change in the audience does with today's catalogue.",
        "value(audience′, catalogue) − value(audience, catalogue).",
    ),
    Entry(
        "acquisition effect",
        "What the purchases do, given that audience: this is what the fee buys.",
        "value(audience′, catalogue′) − value(audience′, catalogue).",
    ),
    Entry("persona", "A group of users who watch alike, found in the data.", "k-means cluster of users in embedding space."),
    Entry(
        "taste",
        "Where a user stands among movies, learned from what they watched.",
        "User embedding; a score is its inner product with the movie's embedding.",
    ),
    Entry(
        "alike",
        "How close two movies are in who watches them; 100% is the same audience.",
        "Cosine similarity in the matrix-factorisation embedding, not on the map.",
    ),
    Entry(
        "map of neighbours",
        "Who is next to whom is kept; how far apart two clouds lie means nothing.",
        "t-SNE of unit vectors, fitted once with the model.",
    ),
    Entry(
        "map of main differences",
        "The two directions in which tastes differ most; the axes say what they are about.",
        "First two principal components of unit vectors.",
    ),
    Entry(
        "outside the data",
        "The offer is unlike anything in the catalogue, so its return is not stated.",
        "Cosine distance to the nearest catalogue movie above the catalogue's own 99th percentile.",
    ),
    Entry(
        "estimated, configured, assumed",
        "Measured from your data, set by you, or taken for want of both.",
        "Origin of each parameter; assumed ones are swept in the ranges where they matter.",
    ),
)


def meaning(word: str) -> str:
    """The plain meaning, for a tooltip; KeyError where the word is not in the glossary."""
    return _BY_WORD[word].meaning


_BY_WORD = {entry.word: entry for entry in GLOSSARY}
