"""Which weights may be sold by: one pure state machine for every scale, whatever it speaks. No clock: times come in as seconds."""

import enum

import msgspec

from devices.ports.scale import NotReady, Reason, Stable, Weight
from domain.quantity import extend

MAX_CAPACITY_G = 1_000_000


class Remove(enum.Enum):
    """What must have happened before the next weighing: the platter was empty, the weight was another, or nothing."""

    ZERO = "zero"
    CHANGE = "change"
    NEVER = "never"


class Rules(msgspec.Struct, frozen=True):
    """What a scale is verified for, and what a shop asks of a weighing.

    Attributes:
        capacity_g: Max, above which no weight is believed.
        division_g: e, the step of the display; an empty platter shows no more than one.
        minimum_g: Min, usually 20 e; less is not sold by weight.
        remove: before the next weighing.
        settle_s: how long the same weight must come; 0 for scales that say by themselves when they are stable.
        stuck_s: after so long at one weight the scale is not believed; 0 switches that off.
    """

    capacity_g: int = 15_000
    division_g: int = 5
    minimum_g: int = 100
    remove: Remove = Remove.ZERO
    settle_s: float = 0.0
    stuck_s: float = 600.0

    def __post_init__(self) -> None:
        """Refuse what no scale is."""
        if not 1 <= self.division_g <= self.capacity_g <= MAX_CAPACITY_G or not 0 <= self.minimum_g <= self.capacity_g:
            raise ValueError(
                f"capacity_g {self.capacity_g}, division_g {self.division_g}, minimum_g {self.minimum_g}: "
                f"expected 1 <= division <= capacity <= {MAX_CAPACITY_G} and 0 <= minimum <= capacity"
            )
        if not 0 <= self.settle_s <= 10 or self.stuck_s < 0:
            raise ValueError(f"settle_s {self.settle_s} (0 to 10) or stuck_s {self.stuck_s} (0 or more)")


class Load(msgspec.Struct):
    """What must not be forgotten of the thing on the platter, also when a driver fails and another one takes over.

    Attributes:
        sold_g: the weighing that still has to be taken off the platter.
        tare_g: taken off by us, for scales that keep no tare themselves.
        tared: the scale keeps a tare at our command; ``clearing``: its thing is gone, and so shall it be.
    """

    sold_g: int | None = None
    tare_g: int = 0
    tared: bool = False
    clearing: bool = False


class Platter:
    """What lies on the platter, judged reading by reading.

    Attributes:
        load: what lies there.
        shown: the newest reading as a display may show it.
    """

    def __init__(self, rules: Rules, load: Load | None = None) -> None:
        self.rules = rules
        self.load = load or Load()
        self.shown: Weight = NotReady(Reason.SILENT)
        self._gross_g: int | None = None
        self._since_s = 0.0

    @property
    def sold(self) -> bool:
        """Whether what lies there is sold already."""
        return self.load.sold_g is not None

    def see(self, weight: Weight, now_s: float) -> Weight:
        """Take one reading of the scale and return what may be shown of it."""
        gross = self._settled(self._in_range(weight), now_s)
        self.shown = self._netto(gross)
        if self.sold and self._is_removed():
            self.load.sold_g = None
            self.load.tare_g, self.shown = 0, gross  # a tare of ours goes with the thing that it was for
        return self.shown

    def verdict(self) -> Weight:
        """Return the newest reading as far as it may be sold: not too little, and not what was sold before."""
        shown = self.shown
        if isinstance(shown, NotReady):
            return shown
        if shown.weight_g < 1 or shown.weight_g + self.load.tare_g < self.rules.minimum_g:
            return NotReady(Reason.BELOW_MINIMUM, shown.weight_g, shown.net)
        if self.sold:
            return NotReady(Reason.NOT_REMOVED, shown.weight_g, shown.net)
        return shown

    def take(self) -> Weight:
        """Return the verdict; a weight is thereby sold and will not be given again."""
        verdict = self.verdict()
        if isinstance(verdict, Stable) and self.rules.remove is not Remove.NEVER:
            self.load.sold_g = verdict.weight_g
        return verdict

    def hold(self, tare_g: int | None) -> NotReady | None:
        """Keep a tare ourselves: so many grams, or with None what lies there now; None when that is done, else why not."""
        if tare_g is None:
            if isinstance(self.shown, NotReady):
                return self.shown
            tare_g = self.shown.weight_g + self.load.tare_g
        if not 0 <= tare_g < self.rules.capacity_g:
            return NotReady(Reason.REFUSED, tare_g)
        self.load.tare_g = tare_g
        return None

    def _in_range(self, weight: Weight) -> Weight:
        if isinstance(weight, NotReady):
            return weight
        if weight.weight_g > self.rules.capacity_g:
            return NotReady(Reason.OVER_CAPACITY, weight.weight_g, weight.net)
        if weight.weight_g < 0:
            return NotReady(Reason.UNDER_ZERO, weight.weight_g, weight.net)
        return weight

    def _settled(self, weight: Weight, now_s: float) -> Weight:
        """Judge by time: a weight that has just come, and one that has stood for too long to be true."""
        if isinstance(weight, NotReady):
            if weight.reason not in (Reason.SILENT, Reason.GARBLED):  # these two prove nothing
                self._gross_g = None
            return weight
        if weight.weight_g != self._gross_g:
            self._gross_g, self._since_s = weight.weight_g, now_s
        stood_s, rules = now_s - self._since_s, self.rules
        if stood_s < rules.settle_s:
            return NotReady(Reason.MOVING, weight.weight_g, weight.net)
        if 0 < rules.stuck_s <= stood_s and weight.weight_g > rules.division_g:
            return NotReady(Reason.STUCK, weight.weight_g, weight.net)
        return weight

    def _netto(self, weight: Weight) -> Weight:
        if not self.load.tare_g:
            return weight
        if weight.weight_g is None:
            return msgspec.structs.replace(weight, net=True)
        net_g = weight.weight_g - self.load.tare_g
        if isinstance(weight, NotReady):
            return msgspec.structs.replace(weight, weight_g=net_g, net=True)
        # An amount that the scale has worked out was of the gross weight.
        return Stable(net_g, net=True) if net_g >= 0 else NotReady(Reason.UNDER_ZERO, net_g, net=True)

    def _is_removed(self) -> bool:
        """Whether the platter was cleared; what moves or makes no sense proves nothing."""
        match self.shown:
            case Stable(weight_g):
                other = abs(weight_g - (self.load.sold_g or 0)) > self.rules.division_g
                return weight_g <= self.rules.division_g or (self.rules.remove is Remove.CHANGE and other)
            case NotReady(Reason.UNDER_ZERO):
                return True
            case NotReady():
                return False


def at_our_price(weight: Weight, unit_price_minor: int | None) -> Weight:
    """Return ``weight`` without the amount that a scale has worked out, unless it is what the goods cost here.

    The price on the scale was typed by somebody; who sells at ``unit_price_minor`` per kilogram takes no amount of another price.
    """
    if not isinstance(weight, Stable) or weight.amount_minor is None:
        return weight
    if unit_price_minor is not None and abs(weight.amount_minor - extend(unit_price_minor, weight.weight_g)) <= 1:
        return weight
    return msgspec.structs.replace(weight, amount_minor=None)
