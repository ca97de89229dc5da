"""The invariants of link-and-faults §7 that exist by now, asked of both databases and of the oracle after a run."""

from typing import TYPE_CHECKING

import msgspec

from domain.sale import Sale
from link.chain import BrokenChain
from tests.simulation.power import sales_of

if TYPE_CHECKING:
    from tests.simulation.headquarters import Headquarters
    from tests.simulation.shop import Shop
    from tests.simulation.world import World

_sale = msgspec.json.Decoder(Sale).decode


def verdict(world: "World") -> list[str]:
    """Return what was broken, in words."""
    broken: list[str] = []
    for shop in world.shops.values():
        broken += _drained(shop) + _chains(shop, world.headquarters) + _prices(shop, world.headquarters)
        if world.faults_drawn.lying:
            broken += _lying(shop, world.headquarters)
        else:
            broken += _sales(shop, world.headquarters) + _stock(shop, world.headquarters)
            broken += _receipts(shop) + _accounted(shop, world.headquarters) + _honest(shop)
    return broken + _money(world)


def _drained(shop: "Shop") -> list[str]:
    """I8."""
    if shop.is_drained:
        return []
    at = shop.journal.outbox.position()
    return [f"I8 {shop.edge} did not drain: acked {at.acked} of {at.top} in epoch {at.epoch}, {shop.sender.progress}"]


def _chains(shop: "Shop", hq: "Headquarters") -> list[str]:
    """I13: hashes verify at both ends, and both ends name the same head."""
    try:
        shop.journal.verify()
        with hq.calm() as uow:
            uow.inbox.verify_chain(shop.edge)
            position = uow.inbox.position(shop.edge)
    except BrokenChain as error:
        return [f"I13 {error}"]
    at = shop.journal.outbox.position()
    same = (at.epoch, at.top + 1, at.head) == (position.epoch, position.next, position.head)
    return [] if same else [f"I13 heads differ: {shop.edge} at {at.epoch}/{at.top}, headquarters {position}"]


def _prices(shop: "Shop", hq: "Headquarters") -> list[str]:
    """I9: the store sells at headquarters' prices."""
    here = dict(shop.disk.execute("SELECT sku, unit_price_minor FROM price"))
    there = hq.prices(shop.store)
    at, end = shop.downlink, hq.log_end(shop.edge)
    return (
        []
        if (here, at) == (there, end)
        else [f"I9 prices of {shop.edge} at {at} are {here}, at headquarters at {end} {there}"]
    )


def _sales(shop: "Shop", hq: "Headquarters") -> list[str]:
    """I1: every committed sale is at headquarters exactly once with equal total; none that never was."""
    there = _sales_at(hq, shop.edge)
    here = {sale_id: (sale.total_minor, sale_id in shop.truth.voided) for sale_id, sale in shop.truth.sales.items()}
    broken = [f"I1 sale {sale_id} of {shop.edge} is not at headquarters" for sale_id in here.keys() - there.keys()]
    broken += [f"I1 sale {sale_id} of {shop.edge} never was" for sale_id in there.keys() - here.keys()]
    broken += [
        f"I1 sale {key} differs: {here[key]} and {there[key]}"
        for key in here.keys() & there.keys()
        if here[key] != there[key]
    ]
    on_disk = sales_of(shop.disk, _sale).keys()
    if on_disk != here.keys():
        broken.append(f"I1 disk of {shop.edge} holds {len(on_disk)} sales, {len(here)} were committed")
    return broken


def _sales_at(hq: "Headquarters", edge: str) -> dict[str, tuple[int, bool]]:
    rows = hq.raw.execute("SELECT sale_id, total_minor, voided_at IS NOT NULL FROM sale WHERE edge = ?", (edge,))
    return {sale_id: (total, bool(voided)) for sale_id, total, voided in rows}


def _stock(shop: "Shop", hq: "Headquarters") -> list[str]:
    """I2: edge, headquarters and oracle name the same stock."""
    here = {sku: milli for sku, milli in shop.disk.execute("SELECT sku, on_hand_milli FROM stock_level") if milli}
    rows = hq.raw.execute("SELECT sku, on_hand_milli FROM stock WHERE store = ?", (shop.store,))
    there = {sku: milli for sku, milli in rows if milli}
    truth = shop.truth.levels()
    return (
        [] if here == there == truth else [f"I2 stock of {shop.edge}: edge {here}, headquarters {there}, truth {truth}"]
    )


def _receipts(shop: "Shop") -> list[str]:
    """I6: gapless and unique within (edge, epoch)."""
    numbers: dict[int, list[int]] = {}
    for sale in shop.truth.sales.values():
        numbers.setdefault(sale.epoch, []).append(sale.receipt_no)
    return [
        f"I6 receipts of {shop.edge} in epoch {epoch} are {sorted(found)}"
        for epoch, found in numbers.items()
        if sorted(found) != list(range(1, len(found) + 1))
    ]


def _accounted(shop: "Shop", hq: "Headquarters") -> list[str]:
    """I12: applied, quarantined and repeated come to what was received; nothing of what was stated is missing."""
    truth = shop.truth
    events = _count(hq, "event", shop.edge)
    quarantined = _count(hq, "quarantine", shop.edge)
    stated = truth.facts + truth.poison + truth.newer
    broken = []
    if events != stated:
        broken.append(f"I12 {shop.edge} stated {stated} facts, headquarters keeps {events}")
    if quarantined != truth.poison:
        broken.append(f"I12 {quarantined} facts of {shop.edge} are quarantined, {truth.poison} were poison")
    (suspended,) = hq.raw.execute(
        "SELECT coalesce(sum(amount_minor), 0) FROM posting WHERE edge = ? AND account = 'suspense'", (shop.edge,)
    ).fetchone()
    if suspended != -truth.poison_minor:
        broken.append(f"I12 suspense of {shop.edge} is {suspended}, the poison claimed {truth.poison_minor}")
    places = dict(
        hq.raw.execute(
            "SELECT epoch, count(*) - max(seq) FROM (SELECT edge, epoch, seq FROM event UNION ALL "
            "SELECT edge, epoch, seq FROM event_repeat) WHERE edge = ? GROUP BY epoch",
            (shop.edge,),
        )
    )
    if any(places.values()):
        broken.append(f"I12 places of {shop.edge} missing or doubled by epoch: {places}")
    return broken


def _count(hq: "Headquarters", table: str, edge: str) -> int:
    return int(hq.raw.execute(f"SELECT count(*) FROM {table} WHERE edge = ?", (edge,)).fetchone()[0])  # noqa: S608


def _honest(shop: "Shop") -> list[str]:
    """With honest disks histories never part: no new epoch, no fork, no outbox with a hole."""
    odd = [f"{each.kind}: {each.text}" for each in shop.incidents if each.kind in ("fork", "broken_outbox")]
    return [f"unfounded incident at {shop.edge}: {odd[0]}"] if odd else []


def _lying(shop: "Shop", hq: "Headquarters") -> list[str]:
    """A disk that takes commits back loses only what nobody else had; the rest is there once, and the loss is an incident."""
    there, claimed = _sales_at(hq, shop.edge), _claimed(hq, shop.edge)
    broken = [
        f"I1 sale {sale_id} survived at {shop.edge} but headquarters has it neither booked nor quarantined"
        for sale_id in sales_of(shop.disk, _sale)
        if sale_id not in there and sale_id not in claimed
    ]
    broken += [f"I1 sale {sale_id} of {shop.edge} never was" for sale_id in there if sale_id not in shop.truth.sales]
    broken += [
        f"I1 sale {sale_id} of {shop.edge} is {there[sale_id][0]}, was {sale.total_minor}"
        for sale_id, sale in shop.truth.sales.items()
        if sale_id in there and there[sale_id][0] != sale.total_minor
    ]
    return broken


def _claimed(hq: "Headquarters", edge: str) -> set[str]:
    """Return the ids of the sales that lie in quarantine (their receipt number was used twice, thanks to the disk)."""
    raws = [raw for (raw,) in hq.raw.execute("SELECT raw FROM quarantine WHERE edge = ?", (edge,))]
    data = [msgspec.json.decode(raw)["data"] for raw in raws]
    return {each["sale"]["sale_id"] for each in data if "sale" in each}


def _money(world: "World") -> list[str]:
    """I3: every event's postings add up to zero, and revenue is what the sales that stand come to."""
    raw = world.headquarters.raw
    odd = raw.execute(
        "SELECT edge, epoch, seq, sum(amount_minor) FROM posting GROUP BY 1, 2, 3 HAVING sum(amount_minor) <> 0"
    ).fetchall()
    broken = [f"I3 postings of {place} do not add up" for place in odd]
    if world.faults_drawn.lying:
        return broken
    wanted = sum(shop.truth.revenue_minor() for shop in world.shops.values())
    (revenue,) = raw.execute("SELECT -coalesce(sum(amount_minor), 0) FROM posting WHERE account = 'revenue'").fetchone()
    if revenue != wanted:
        broken.append(f"I3 revenue is {revenue}, the shops sold {wanted}")
    return broken
