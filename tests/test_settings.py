import json
from dataclasses import asdict
from pathlib import Path

import pytest

from localtopics.errors import UserError
from localtopics.settings import RunSettings


def test_toml_and_run_json_say_the_same(tmp_path: Path) -> None:
    toml = tmp_path / "settings.toml"
    toml.write_text(
        '[input]\ntext = "abstract"\n[topics]\nmin_cluster_size = 30\nmin_dist = 0\n[labels]\ngpu_layers = 9'
    )
    settings = RunSettings.read(toml)
    assert settings.input.text == "abstract"
    assert settings.topics.min_cluster_size == 30
    assert settings.labels.gpu_layers == 9
    record = tmp_path / "run.json"
    record.write_text(json.dumps({"settings": asdict(settings)}))
    assert RunSettings.read(record) == settings


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[topics]\nmin_cluster_sise = 3", "min_cluster_sise"),
        ("[topic]\nseed = 3", "[topic]"),
        ('[topics]\nseed = "three"', "seed"),
        ("[topics]\nseed = true", "seed"),
        ("[topics\nseed = 3", "settings.toml"),
        ("seed = 3", "seed"),
    ],
)
def test_a_wrong_setting_is_one_sentence(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(content)
    with pytest.raises(UserError, match=r"^[^\n]+$") as error:
        RunSettings.read(path)
    assert said in str(error.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Cannot read .*none\.toml"):
        RunSettings.read(tmp_path / "none.toml")


def test_how_the_machine_is_used_is_not_what_was_asked() -> None:
    fast = RunSettings().updated({"labels": {"threads": 7, "gpu_layers": "all", "vram": "6GiB"}}, "test")
    assert fast != RunSettings()
    assert fast.asked() == RunSettings().asked()
    assert RunSettings().updated({"labels": {"candidates": 3}}, "test").asked() != RunSettings().asked()
