"""Writers of every format: a request goes in, the line that the real product would write comes out."""

from tests.formats.writers import applications, clf, clouds, columns, labelled, objects, proxies, servers
from tests.formats.writers.sample import FORGED, SECRET, Sample, samples
from tests.formats.writers.writer import ZONE, Writer, differences

__all__ = ["FORGED", "SECRET", "WRITERS", "ZONE", "Sample", "Writer", "differences", "samples"]

WRITERS: tuple[Writer, ...] = (
    *objects.WRITERS,
    *clf.WRITERS,
    *proxies.WRITERS,
    *clouds.WRITERS,
    *applications.WRITERS,
    *servers.WRITERS,
    *columns.WRITERS,
    *labelled.WRITERS,
)
"""At least one for each name in FORMATS."""
