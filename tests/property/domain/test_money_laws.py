"""Laws of money, quantity and digits."""

from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue import check_digit, gtin14
from domain.errors import NotAGtin
from domain.money import Money, split_minor
from domain.quantity import divide, extend, format_quantity, parse_quantity

amounts = st.integers(-(10**12), 10**12)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any)


@given(amounts, weights)
def test_a_split_conserves_money_and_is_fair(total: int, shares: list[int]) -> None:
    parts = split_minor(total, shares)
    assert sum(parts) == total
    for part, weight in zip(parts, shares, strict=True):
        assert abs(part * sum(shares) - total * weight) < sum(shares), "a part is its exact share rounded down or up"
        assert part == 0 or weight > 0


@given(amounts, st.integers(1, 100))
def test_equal_parts_differ_by_one_at_most_and_never_grow(total: int, count: int) -> None:
    parts = [part.minor for part in Money(total, "CNY").split(count)]
    assert sum(parts) == total
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, key=abs, reverse=True)


@given(st.integers(0, 10**12), weights)
def test_a_part_never_exceeds_what_it_is_taken_from(total: int, shares: list[int]) -> None:
    whole = min(total, sum(shares))
    assert all(part <= weight for part, weight in zip(split_minor(whole, shares), shares, strict=True))


@given(st.integers(-(10**8), 10**8), st.integers(0, 10**8))
def test_extending_is_division_rounded_half_away(price: int, quantity: int) -> None:
    assert extend(price, quantity) == divide(price * quantity, 1000)
    assert extend(-price, quantity) == -extend(price, quantity)
    assert abs(extend(price, quantity) * 1000 - price * quantity) <= 500


@given(st.integers(0, 10**8))
def test_a_quantity_reads_as_it_is_written(milli: int) -> None:
    assert parse_quantity(format_quantity(milli)) == milli


digits = st.text("0123456789", min_size=12, max_size=12)


@given(digits, st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_never_passes(body: str, place: int, change: int) -> None:
    code = f"{body}{check_digit(body)}"
    wrong = code[:place] + str((int(code[place]) + change) % 10) + code[place + 1 :]
    try:
        gtin14(wrong)
    except NotAGtin:
        return
    raise AssertionError(f"{wrong} passed for {code}")


@given(digits)
def test_leading_zeros_do_not_change_the_check_digit(body: str) -> None:
    assert check_digit(body) == check_digit("0" + body) == check_digit("00000" + body)


@given(digits, st.integers(0, 10))
def test_swapped_neighbours_pass_only_when_they_differ_by_five(body: str, place: int) -> None:
    swapped = body[:place] + body[place + 1] + body[place] + body[place + 2 :]
    differ = abs(int(body[place]) - int(body[place + 1]))
    assert (check_digit(swapped) == check_digit(body)) == (differ in (0, 5))
