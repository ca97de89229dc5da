"""A revocation that was committed is in force, whatever happened between the commit and the list."""

from collections.abc import Sequence

import pytest
from cryptography.x509 import load_pem_x509_crl

from coordinator.authority import OwnAuthority
from coordinator.clock import SystemClock
from coordinator.handlers import fleet
from link.certificates import CertificateAuthority
from tests.integration.coordinator.conftest import Hq


class PowerCut(Exception):
    """The lights went out."""


class Cut(OwnAuthority):
    """An authority that never gets to its list."""

    def revoke(self, serials: Sequence[str]) -> None:
        raise PowerCut


def listed(authority: CertificateAuthority) -> set[str]:
    return {f"{each.serial_number:x}" for each in load_pem_x509_crl(authority.crl().encode())}


def test_a_revocation_cut_off_before_the_list_is_on_it_after_the_next_start(hq: Hq) -> None:
    for edge in ("S1", "S2"):
        hq.enrol(edge)
    with pytest.raises(PowerCut):
        fleet.revoke("S1", hq.chain.uow(), Cut(hq.authority), SystemClock(), actor="test")
    [(serial,)] = hq.chain.rows("SELECT serial FROM certificate WHERE edge = 'S1'")
    assert listed(hq.authority) == set()
    fleet.enforce_revocations(hq.chain.uow(), OwnAuthority(hq.authority))
    assert listed(hq.authority) == {serial}, "and the other edge's is not"


def test_a_list_that_is_complete_is_not_written_again(hq: Hq) -> None:
    hq.enrol("S1")
    fleet.revoke("S1", hq.chain.uow(), OwnAuthority(hq.authority), SystemClock(), actor="test")
    before = hq.authority.crl_file.stat().st_mtime_ns
    fleet.enforce_revocations(hq.chain.uow(), OwnAuthority(hq.authority))
    assert hq.authority.crl_file.stat().st_mtime_ns == before, "a new list would restart the broker of another process"


def test_a_list_that_was_cut_off_after_its_notes_is_written(hq: Hq, monkeypatch: pytest.MonkeyPatch) -> None:
    hq.enrol("S1")

    def cut(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(CertificateAuthority, "_write_crl", cut)
        with pytest.raises(PowerCut):
            fleet.revoke("S1", hq.chain.uow(), OwnAuthority(hq.authority), SystemClock(), actor="test")
    assert hq.authority.revoked()
    assert listed(hq.authority) == set()
    fleet.enforce_revocations(hq.chain.uow(), OwnAuthority(hq.authority))
    assert len(listed(hq.authority)) == 1
