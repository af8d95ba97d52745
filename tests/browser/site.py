"""A page in Chromium with the client and bundles behind it, and questions put to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.browser import servers
from tests.browser.chromium import launched, patient

_ASK = """
async ({ folder, backend, questions, wasmPaths }) => {
  const { open, urlSource } = await import("/client/greenlight-client.js");
  try {
    const recommender = await open(urlSource(`/bundles/${folder}`), { backend, wasmPaths, unsigned: true });
    const answers = questions.map((question) => recommender.recommend(question));
    const similar = recommender.similar(recommender.vocabulary.ids[10], 5);
    const { backend: computes, skipped } = recommender;
    return { backend: computes, skipped, answers, similar, test: await recommender.selfTest() };
  } catch (error) {
    return { code: error.code, message: String(error) };
  }
}
"""


@dataclass
class Site:
    """A page that can load the client, and every address that it asked for."""

    page: Any
    origin: str
    root: Path
    """Bundles lie in its folder ``bundles``."""
    asked: list[str] = field(default_factory=list)

    def ask(self, folder: str, backend: str | list[str], questions: list[dict[str, Any]], query: str = "") -> dict[str, Any]:
        """Open a bundle in a fresh page and put questions to it."""
        self.page.goto(f"{self.origin}/index.html{query}")
        answer: dict[str, Any] = self.page.evaluate(
            _ASK, {"folder": folder, "backend": backend, "questions": questions, "wasmPaths": "/client/"}
        )
        return answer


@contextmanager
def opened(root: Path) -> Iterator[Site]:
    """The client is built into the folder."""
    servers.write_client_page(root)
    with servers.folder(root) as origin, launched() as browser:
        found = Site(patient(browser.new_context()).new_page(), origin, root)
        found.page.on("request", lambda request: found.asked.append(request.url))
        yield found
