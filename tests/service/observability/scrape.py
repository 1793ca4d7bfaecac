"""What ``/metrics`` says, read as Prometheus reads it."""

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

Labels = tuple[tuple[str, str], ...]
Series = tuple[str, Labels]


@dataclass(frozen=True, slots=True)
class Scrape:
    """One scrape."""

    samples: Mapping[Series, float]

    def value(self, name: str, **labels: str) -> float:
        """Give one series; 0 if it is not there yet."""
        return self.samples.get((name, tuple(sorted(labels.items()))), 0.0)

    def total(self, name: str, **labels: str) -> float:
        """Give the sum over all series of a name that have these labels."""
        return sum(
            value
            for (found, pairs), value in self.samples.items()
            if found == name and labels.items() <= dict(pairs).items()
        )

    @property
    def series(self) -> set[Series]:
        """Every series; when they were made is left aside."""
        return {one for one in self.samples if not one[0].endswith("_created")}


def scrape(text: str) -> Scrape:
    """Read a page."""
    return Scrape(
        {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
    )
