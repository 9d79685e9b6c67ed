"""Facts about the machine, from made-up machines and from this one."""

import dataclasses
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tatamilab import i18n, machine
from tatamilab.machine import caches, cores, installation, processor, sysctl
from tatamilab.machine.caches import Cache
from tatamilab.machine.unknown import Unknown

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc and /sys")


def put(root: Path, **files: str) -> None:
    """Write files below `root`; "__" in a name stands for "/", and "_dot_" for "."."""
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def put_cpu(root: Path, cpu: int, package: int, core: int) -> None:
    prefix = f"sys__devices__system__cpu__cpu{cpu}__topology__"
    put(root, **{f"{prefix}physical_package_id": f"{package}\n", f"{prefix}core_id": f"{core}\n"})


def test_this_machine():
    found = machine.read_machine()
    assert found.python == sys.version.split()[0]
    assert found.logical_cpus >= (found.physical_cores or 1) >= 1
    assert found.versions["keras"] == version("keras")
    assert found.versions["tatamilab"] == version("tatamilab")
    assert set(found.extras) == {"lab", "dask", "notebook", "postgres"}
    assert found.japanese_font is not None
    assert found.japanese_font.read_bytes()[:4] == b"\0\1\0\0"  # TrueType
    for field in dataclasses.fields(found):
        assert (getattr(found, field.name) is None) == (field.name in found.reasons)


def test_facts_are_plain_values():
    assert json.loads(json.dumps(machine.facts()))["keras_backend"] == machine.read_machine().keras_backend


def test_the_font_is_found_without_importing_its_package():
    before = "matplotlib_fontja" in sys.modules
    installation.japanese_font()
    assert ("matplotlib_fontja" in sys.modules) == before


def test_a_fact_that_cannot_be_had_is_none_with_a_reason(monkeypatch):
    def cannot():
        raise Unknown("no reason at all")

    for module, name in (
        (processor, "vectors"),
        (processor, "cpu_name"),
        (cores, "physical_cores"),
        (caches, "caches"),
    ):
        monkeypatch.setattr(module, name, cannot)
    found = machine.read_machine()
    assert (
        found.cpu_name is found.vector_extension is found.fma is found.physical_cores is found.caches is None
    )
    assert found.reasons == dict.fromkeys(
        ("vector_extension", "vector_bits", "fma", "cpu_name", "physical_cores", "caches"), "no reason at all"
    )


@pytest.mark.parametrize(
    ("architecture", "features", "expected"),
    [
        ("x86_64", {"avx512f": True, "avx2": True, "sse4.2": True, "fma": True}, ("AVX-512", 512, True)),
        ("AMD64", {"avx512f": False, "avx2": True, "sse4.2": True, "fma": True}, ("AVX2", 256, True)),
        ("x86_64", {"sse4.2": True}, ("SSE4", 128, False)),
        ("arm64", {}, ("NEON", 128, True)),
        ("aarch64", {"neon": True}, ("NEON", 128, True)),
    ],
)
def test_vectors(architecture, features, expected):
    assert processor.widest(architecture, features) == expected


def test_no_vectors():
    for lang, expected in (
        ("en", "LLVM finds no vector extension that we know on riscv64."),
        ("ja", "riscv64 では、LLVM が既知のベクトル拡張命令を検出できません。"),
    ):
        with i18n.using(lang), pytest.raises(Unknown) as caught:
            processor.widest("riscv64", {})
        assert str(caught.value) == expected


INTEL = """processor	: 0
vendor_id	: GenuineIntel
model name	: Intel(R) Xeon(R): 2.80GHz

processor	: 1
model name	: other
"""
ARM = """processor	: 0
BogoMIPS	: 108.00
CPU implementer	: 0x41

Model		: Raspberry Pi 5 Model B Rev 1.0
"""


@linux_only
@pytest.mark.parametrize(
    ("cpuinfo", "name", "vendor"),
    [
        (INTEL, "Intel(R) Xeon(R): 2.80GHz", "GenuineIntel"),
        (ARM, "Raspberry Pi 5 Model B Rev 1.0", "ARM"),
        ("CPU implementer : 0x99\n", None, "0x99"),
        ("", None, None),
        (None, None, None),
    ],
)
def test_cpu_name_and_vendor(tmp_path, cpuinfo, name, vendor):
    if cpuinfo is not None:
        put(tmp_path, proc__cpuinfo=cpuinfo)
    for read, expected in ((processor.cpu_name, name), (processor.cpu_vendor, vendor)):
        if expected is None:
            with pytest.raises(Unknown, match=r"^/proc/cpuinfo (cannot be read|does not tell [a-z_ ]+)\.$"):
                read(tmp_path)
        else:
            assert read(tmp_path) == expected


@linux_only
class TestCores:
    @pytest.fixture
    def root(self, tmp_path):
        """Two packages of two cores of two threads: CPUs 0–3 and 4–7, siblings four apart."""
        for cpu in range(8):
            put_cpu(tmp_path, cpu, package=(cpu // 2) % 2, core=cpu % 2)
        return tmp_path

    @pytest.mark.parametrize(
        ("allowed", "expected"), [(range(8), 4), (range(4), 4), ((0, 4), 1), ((0, 2), 2), ((5,), 1)]
    )
    def test_affinity(self, root, allowed, expected):
        assert cores.physical_cores(root, frozenset(allowed)) == expected

    @pytest.mark.parametrize(
        ("quota", "expected"),
        [("max 100000", 4), ("200000 100000", 2), ("250000 100000", 2), ("50000 100000", 1)],
    )
    def test_quota(self, root, quota, expected):
        put(root, proc__self__cgroup="0::/\n", sys__fs__cgroup__cpu_dot_max=quota + "\n")
        assert cores.physical_cores(root, frozenset(range(8))) == expected

    def test_no_topology(self, tmp_path):
        with pytest.raises(Unknown, match=r"cpu/cpu0/topology cannot be read\.$"):
            cores.physical_cores(tmp_path, frozenset({0}))

    def test_here(self):
        assert 1 <= cores.physical_cores() <= cores.logical_cpus() == len(os.sched_getaffinity(0))


class TestQuota:
    def test_none(self, tmp_path):
        assert cores.cpu_quota(tmp_path) is None

    def test_v2_takes_the_narrowest_on_the_way_up(self, tmp_path):
        put(
            tmp_path,
            proc__self__cgroup="0::/pod/one\n",
            sys__fs__cgroup__pod__one__cpu_dot_max="max 100000\n",
            sys__fs__cgroup__pod__cpu_dot_max="150000 100000\n",
            sys__fs__cgroup__cpu_dot_max="400000 100000\n",
        )
        assert cores.cpu_quota(tmp_path) == 1.5

    def test_v2_seen_from_inside_a_container(self, tmp_path):
        put(tmp_path, proc__self__cgroup="0::/../../host\n", sys__fs__cgroup__cpu_dot_max="300000 100000\n")
        assert cores.cpu_quota(tmp_path) == 3

    @pytest.mark.parametrize(("quota", "expected"), [("-1", None), ("150000", 1.5)])
    def test_v1(self, tmp_path, quota, expected):
        put(
            tmp_path,
            proc__self__cgroup="3:cpu,cpuacct:/docker/1\n2:memory:/docker/1\n",
            sys__fs__cgroup__cpu__docker__1__cpu_dot_cfs_quota_us=quota,
            sys__fs__cgroup__cpu__docker__1__cpu_dot_cfs_period_us="100000",
        )
        assert cores.cpu_quota(tmp_path) == expected

    def test_nonsense_is_no_limit(self, tmp_path):
        put(tmp_path, proc__self__cgroup="0::/\n", sys__fs__cgroup__cpu_dot_max="what?\n")
        assert cores.cpu_quota(tmp_path) is None


@linux_only
class TestCaches:
    def put_cache(self, root, index, level, kind, size, shared):
        prefix = f"sys__devices__system__cpu__cpu0__cache__index{index}__"
        values = {"level": level, "type": kind, "size": size, "shared_cpu_list": shared}
        put(root, **{prefix + name: f"{value}\n" for name, value in values.items()})

    def test_sizes(self, tmp_path):
        self.put_cache(tmp_path, 3, 3, "Unified", "48M", "0-3,8")
        self.put_cache(tmp_path, 0, 1, "Data", "48K", "0")
        self.put_cache(tmp_path, 1, 1, "Instruction", "32768", "0")
        assert caches.caches(tmp_path) == (
            Cache(1, "data", 48 * 1024, 1),
            Cache(1, "instruction", 32768, 1),
            Cache(3, "unified", 48 * 1024 * 1024, 5),
        )

    def test_no_caches(self, tmp_path):
        with pytest.raises(Unknown, match=r"cpu/cpu0/cache cannot be read\.$"):
            caches.caches(tmp_path)

    def test_a_broken_entry(self, tmp_path):
        self.put_cache(tmp_path, 0, 1, "Data", "large", "0")
        with pytest.raises(Unknown, match=r"index0 cannot be read\.$"):
            caches.caches(tmp_path)


APPLE = {
    "machdep.cpu.brand_string": "Apple M3",
    "hw.physicalcpu": "8",
    "hw.l1dcachesize": "65536",
    "hw.l1icachesize": "131072",
    "hw.l2cachesize": "4194304",
}


class TestMacos:
    @pytest.fixture(autouse=True)
    def macos(self, monkeypatch):
        def answer(name):
            if name not in APPLE:
                raise Unknown(name)
            return APPLE[name]

        for module in (processor, cores, caches):
            monkeypatch.setattr(module, "sysctl", answer)
            monkeypatch.setattr(module.sys, "platform", "darwin")
        monkeypatch.setattr(processor.platform, "machine", lambda: "arm64")

    def test_all(self):
        assert processor.cpu_name() == "Apple M3"
        assert processor.cpu_vendor() == "Apple"
        assert cores.physical_cores() == 8
        assert [(c.level, c.kind, c.cache_bytes) for c in caches.caches()] == [
            (1, "data", 65536),
            (1, "instruction", 131072),
            (2, "unified", 4194304),
        ]


def test_other_systems_give_reasons(monkeypatch):
    for module in (cores, caches):
        monkeypatch.setattr(module.sys, "platform", "sunos5")
    with pytest.raises(Unknown, match=r"^physical cores are counted on Linux and macOS only\.$"):
        cores.physical_cores()
    with pytest.raises(Unknown, match=r"^cache sizes are read on Linux and macOS only\.$"):
        caches.caches()
    assert cores.logical_cpus() == os.cpu_count()


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has sysctl")
def test_no_sysctl():
    with pytest.raises(Unknown, match=r"^sysctl does not tell hw\.physicalcpu\.$"):
        sysctl.sysctl("hw.physicalcpu")


def test_extras_that_are_missing(monkeypatch):
    here = installation._version
    monkeypatch.setattr(installation, "_version", lambda name: None if name == "distributed" else here(name))
    assert installation.extras()["dask"] is False


def test_a_backend_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(installation.backend, "preview", lambda *, command: "nosuchbackend")
    found = machine.read_machine()
    assert found.keras_backend is None
    assert found.reasons["keras_backend"] == (
        "KERAS_BACKEND names nosuchbackend, which is not installed: install it, or unset the variable."
    )


def test_a_font_that_is_missing(monkeypatch):
    monkeypatch.setattr(installation, "find_spec", lambda _name: None)
    assert machine.read_machine().reasons["japanese_font"] == (
        "matplotlib-fontja and its font are missing: reinstall tatamilab."
    )
