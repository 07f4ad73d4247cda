"""Settings: flag > environment > grader.toml or [tool.grader] > default, read once into a frozen object.

This is the only module that looks at the environment.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path, user_data_path

from grader.errors import ConfigError, nearest

PACKAGE = Path(__file__).parent
ENVIRONMENT_PREFIX = "GRADER_"


def data_folder(name: str) -> Path:
    """Return the folder `bank`, `prompts` or `eval`: inside the wheel, or beside the package in a checkout."""
    installed = PACKAGE / "data" / name
    return installed if installed.is_dir() else PACKAGE.parent / name


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a user can set and that more than one command needs."""

    bank: Path
    """The folder of a bank: one YAML file a section."""
    embedder: str = "default"
    """`default` (the packaged all-MiniLM-L6-v2; `minilm-float32` and `minilm-int8` say in what it computes), or the
    name or folder of a sentence-transformers model."""
    embedding_cache_mb: int = 1000
    """Megabytes of embeddings that the cache folder may hold; 0: none are kept."""
    profile: str = "default"
    """`default`, or the path of a profile made by `grader eval calibrate`."""
    cache_dir: Path = Path()
    data_dir: Path = Path()
    pass_mark: float = 0.6
    """The score, 0..1, from which an answer counts as right."""
    seed: int = 0
    threads: int = 0
    """Threads for the embedding model; 0 leaves it to the machine."""
    color: bool = True
    reviewer: str = "reviewer"
    """Who decides in `grader review`, unless told otherwise: the name of the user."""


def load_settings(flags: Mapping[str, object], environ: Mapping[str, str], folder: Path) -> Settings:
    """Return the settings in force for a command started in `folder`.

    Args:
        flags: values given on the command line; None counts as not given.
        environ: the process environment. `GRADER_BANK` sets `bank`, and so on for every field.
        folder: where `grader.toml`, or `pyproject.toml` with `[tool.grader]`, is looked for.

    Raises:
        ConfigError: a settings file cannot be read, or holds an unknown name or a wrong value.

    """
    names = {field.name for field in fields(Settings)}
    values: dict[str, object] = {
        "bank": data_folder("bank") / "aws",
        "cache_dir": user_cache_path("grader"),
        "data_dir": user_data_path("grader"),
        "reviewer": environ.get("USER") or "reviewer",
    }
    source, from_file = _settings_file(folder)
    for name, value in from_file.items():
        if name not in names:
            raise ConfigError(f"{source}: unknown setting {nearest(name, names)}")
        values[name] = _typed(name, value, f"{source}: {name}")
    for name in names:
        variable = ENVIRONMENT_PREFIX + name.upper()
        if environ.get(variable):
            values[name] = _typed(name, environ[variable], variable)
    if environ.get("NO_COLOR"):
        values["color"] = False
    values.update({name: value for name, value in flags.items() if value is not None})
    settings = Settings(**values)  # type: ignore[arg-type]  # every value went through _typed or typer
    if not 0 < settings.pass_mark < 1:
        raise ConfigError(f"pass_mark must lie between 0 and 1, not {settings.pass_mark}")
    return settings


def _settings_file(folder: Path) -> tuple[Path, dict[str, Any]]:
    for path, table in ((folder / "grader.toml", ()), (folder / "pyproject.toml", ("tool", "grader"))):
        if not path.is_file():
            continue
        try:
            content: Any = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
            raise ConfigError(f"{path}: not valid TOML: {exc}") from exc
        for key in table:
            content = content.get(key, {})
        if content:
            return path, content
    return folder, {}


def _typed(name: str, value: object, where: str) -> object:
    wanted = {field.name: field.type for field in fields(Settings)}[name]
    try:
        if wanted is Path:
            return Path(str(value)).expanduser()
        if wanted is bool:
            return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]
        return wanted(value)  # type: ignore[operator]  # the remaining fields are int, float and str
    except (ValueError, TypeError, KeyError) as exc:
        kind = getattr(wanted, "__name__", str(wanted))
        raise ConfigError(f"{where}: expected {kind}, not {value!r}") from exc


def with_texts(settings: Settings, texts: Mapping[str, str]) -> Settings:
    """Return the settings with some of them given as text, by name. Raises ConfigError."""
    return replace(settings, **{name: _typed(name, text, name) for name, text in texts.items()})  # type: ignore[arg-type]
