"""The installer: which llama-cpp-python it takes, what it does when that one is unsound, what it says."""

import ast
import socket
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import environment
import install
import install_llama
import pip_progress
import pytest

VERSION = environment.pinned("llama_cpp_python")
ANY = "py3-none-any"


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .venv of the test's own, and no choices made."""
    for name in environment.CHOICES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(install_llama, "RECORD", tmp_path / "llama.json")
    monkeypatch.setattr(install_llama, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(install, "VENV", tmp_path)


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pip_progress.Pip:
    """The pip of this Python, which installs into a folder."""
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "installed"))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return pip_progress.Pip(
        Path(sys.executable), constraints=environment.ROOT / "constraints.txt", log=tmp_path / "pip.log"
    )


def write_wheel(folder: Path, version: str, tag: str = ANY) -> None:
    """A wheel of the name, with next to nothing in it."""
    info = f"llama_cpp_python-{version}.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"llama_cpp_python-{version}-{tag}.whl", "w") as wheel:
        wheel.writestr("llama_cpp/__init__.py", f"__version__ = {version!r}\n")
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: llama_cpp_python\nVersion: {version}\n"
        )
        wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a package index, served and chosen."""
    root = tmp_path / "index"
    (root / "llama-cpp-python").mkdir(parents=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("LOCALTOPICS_WHEELS", f"http://127.0.0.1:{server.server_port}")
    yield root / "llama-cpp-python"
    server.shutdown()


def test_a_compiled_wheel_of_the_pinned_version_is_taken(
    index: Path, pip: pip_progress.Pip, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_wheel(index, "0.3.99")
    write_wheel(index, VERSION)
    assert install_llama.take_wheel(pip)
    assert VERSION in (tmp_path / "installed" / "llama_cpp" / "__init__.py").read_text()
    assert str(install_llama.read_record()["wheels"]).startswith("http://127.0.0.1")
    said = capfd.readouterr().err
    assert "127.0.0.1" in said
    assert "Took it" in said
    assert "WARNING" not in said


@pytest.mark.parametrize("wheels", [[], [("0.3.35", ANY)], [(VERSION, "py3-none-win_arm64")]])
def test_an_index_without_a_fitting_wheel_leaves_it_to_the_compiler(
    index: Path, pip: pip_progress.Pip, wheels: list[tuple[str, str]], capfd: pytest.CaptureFixture[str]
) -> None:
    for version, tag in wheels:
        write_wheel(index, version, tag)
    assert not install_llama.take_wheel(pip)
    assert "It has none for this machine" in capfd.readouterr().err


def test_an_index_that_cannot_be_reached_costs_no_retries(
    pip: pip_progress.Pip, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("LOCALTOPICS_WHEELS", f"http://127.0.0.1:{port}")
    assert not install_llama.take_wheel(pip)
    assert "It is out of reach" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("system", "machine", "driver", "wish", "index"),
    [
        ("linux", "x86_64", None, None, "cpu"),
        ("linux", "x86_64", 124, None, "cu124"),
        ("linux", "x86_64", 129, "1", "cu125"),
        ("linux", "x86_64", 999, "1", "cu132"),
        ("linux", "x86_64", 110, "1", "cpu"),
        ("linux", "x86_64", 124, "0", "cpu"),
        ("win32", "AMD64", 130, None, "cu130"),
        ("darwin", "arm64", None, None, "metal"),
        ("darwin", "x86_64", None, None, "cpu"),
    ],
)
def test_the_index_fits_the_machine(
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    machine: str,
    driver: int | None,
    wish: str | None,
    index: str,
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr(install_llama, "driver_cuda", lambda: driver)
    if wish:
        monkeypatch.setenv("LOCALTOPICS_CUDA", wish)
    assert install_llama.wheel_index() == f"{install_llama.WHEELS}/{index}"


def test_the_driver_says_which_cuda_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    table = "| NVIDIA-SMI 550.54.15    Driver Version: 550.54.15    CUDA Version: 12.4     |"
    monkeypatch.setattr(install_llama, "output", lambda *_: table)
    assert install_llama.driver_cuda.__wrapped__() == 124


@pytest.mark.parametrize(
    ("environment_", "amx", "compiler", "looks"),
    [
        ({}, False, True, True),
        ({}, True, True, False),
        ({}, True, False, True),
        ({"CMAKE_ARGS": "-DGGML_VULKAN=ON"}, False, True, False),
        ({"LOCALTOPICS_COMPILE": "1"}, False, True, False),
        ({"LOCALTOPICS_COMPILE": "0"}, True, True, True),
        ({"LOCALTOPICS_WHEELS": "http://127.0.0.1"}, True, True, True),
        ({"LOCALTOPICS_CUDA": "1"}, True, True, True),
    ],
)
def test_a_wheel_is_looked_for_where_it_is_no_loss(
    monkeypatch: pytest.MonkeyPatch, environment_: dict[str, str], amx: bool, compiler: bool, looks: bool
) -> None:
    for name, value in environment_.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(install_llama, "driver_cuda", lambda: None)
    monkeypatch.setattr(install_llama, "has_amx", lambda: amx)
    monkeypatch.setattr(install_llama, "has_compiler", lambda: compiler)
    assert install_llama.may_take_wheel() is looks


def test_the_llama_cpp_that_is_here_has_no_fault() -> None:
    assert install_llama.fault() in (None, install_llama.UNSOUND_AMX)


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("raise OSError('libc.musl-x86_64.so.1: cannot open shared object file')", "libc.musl-x86_64"),
        ("import os; os.abort()", "it ended the process"),
    ],
)
def test_a_broken_llama_cpp_is_found_out_and_compiled_anew(
    pip: pip_progress.Pip,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    said: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "llama_cpp.py").write_text(module)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    compiled = []
    monkeypatch.setattr(install_llama, "output", lambda *_: None)  # leaves pip's cache alone

    def compile_llama(*arguments: object) -> None:
        compiled.append(arguments)
        monkeypatch.delenv("PYTHONPATH")

    monkeypatch.setattr(install_llama, "compile_llama", compile_llama)
    install_llama.make_sound(pip)
    assert len(compiled) == 1
    assert said in capfd.readouterr().err


def test_who_refuses_to_compile_is_told_that_there_is_no_other_way(
    pip: pip_progress.Pip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALTOPICS_COMPILE", "0")
    with pytest.raises(environment.InstallError, match="LOCALTOPICS_COMPILE=0"):
        install_llama.compile_llama(pip)


def test_who_has_no_compiler_is_told_how_to_get_one(
    pip: pip_progress.Pip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(environment.InstallError, match=r"apt install g\+\+"):
        install_llama.compile_llama(pip)


def test_what_is_installed_is_not_installed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not install.is_installed("")
    install.stamp("dev").write_text(install.files_hash())
    assert install.is_installed("")
    assert install.is_installed("dev")
    monkeypatch.setenv("LOCALTOPICS_CUDA", "1")
    assert not install.is_installed("")
    install_llama.write_record(None)
    assert install.is_installed("")
    monkeypatch.delenv("LOCALTOPICS_CUDA")
    assert install.is_installed("")


def test_a_missing_python_ends_the_installation_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHON", "no-such-python")
    monkeypatch.setattr(environment, "PYTHON", tmp_path / "python")
    with pytest.raises(SystemExit) as ended:
        install.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_failed_step_shows_pips_errors_and_where_the_rest_is(pip: pip_progress.Pip, tmp_path: Path) -> None:
    with pytest.raises(pip_progress.PipError) as failed:
        pip.install("--no-index", "no-such-package-anywhere")
    assert "ERROR: No matching distribution found for no-such-package-anywhere" in str(failed.value)
    assert str(tmp_path / "pip.log") in str(failed.value)
    assert "WARNING" not in str(failed.value)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("  [12/83] /usr/bin/c++ -O3 -c llama-model.cpp", "12 of 83 compiled"),
        ("[ 45%] Building CXX object src/llama.cpp.o", "45 % compiled"),
        ("  Installing build dependencies: started", "getting what it is built with"),
        ("Collecting umap-learn>=0.5.7 (from localtopics==0.1.0)", "looking for umap-learn"),
        (
            "  Downloading https://host/torch-2.13.0-cp311.whl.metadata (198.1 MB)",
            "downloading torch-2.13.0-cp311.whl.metadata (198.1 MB)",
        ),
        ("WARNING: Running pip as the 'root' user", None),
    ],
)
def test_pips_lines_become_steps(line: str, text: str | None) -> None:
    assert pip_progress.step(line) == text


def test_the_time_left_is_told_while_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("pip_progress.time.monotonic", lambda: now[0])
    progress = pip_progress.Progress()
    progress.read("[1/80] cc")
    now[0] = 40.0
    progress.read("[20/80] cc")
    assert progress.left == ", about 2:00 left"


@pytest.mark.parametrize("name", ["demo", "install", "test", "install.py", "environment.py"])
def test_an_old_python_can_say_that_it_is_too_old(name: str) -> None:
    ast.parse((environment.ROOT / "scripts" / name).read_text(encoding="utf-8"), feature_version=(3, 9))
