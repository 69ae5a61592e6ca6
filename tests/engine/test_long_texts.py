"""Long targets, agents and referers are judged, and not kept: memory is not the attacker's to fill."""

from tests.engine.lines import batch, engine_of, known_route, line

LONG = "/api/items/7?q=" + "x" * 4_000


def test_what_is_remembered_of_texts_does_not_grow_with_their_length() -> None:
    engine = engine_of()
    engine.feed(batch(known_route("/api/items/7")))
    looks = engine.looks
    before = len(looks.targets), len(looks.agents), len(looks.referers)
    for number in range(50):
        raw = line(100 + number, "203.0.113.9", f"{LONG}{number}").replace(b"Mozilla", b"M" * 3_000 + b"%d" % number)
        engine.feed(batch([raw], first=number))
    assert (len(looks.targets), len(looks.agents), len(looks.referers)) == before


def test_long_target_with_a_payload_is_still_a_probe() -> None:
    engine = engine_of()
    engine.feed(batch([line(100, "203.0.113.9", LONG + "%27%20OR%20%271%27=%271", 404)]))
    assert "recon.injection-probe" in {row.detector for row in engine.book.rows.values()}
