"""Settings: flag > environment > grader.toml or [tool.grader] > default, read once into a frozen object.

This is the only module that looks at the environment.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from platformdirs import user_cache_path, user_data_path

from grader.errors import ConfigError, nearest

PACKAGE = Path(__file__).parent
ENVIRONMENT_PREFIX = "GRADER_"
SHORTEST_SECRET = 8
GRADERS = ("embedding", "llm", "hybrid", "cascade", "cosine")


def data_folder(name: str) -> Path:
    """Return the folder `bank`, `prompts` or `eval`: inside the wheel, or beside the package in a checkout."""
    installed = PACKAGE / "data" / name
    return installed if installed.is_dir() else PACKAGE.parent / name


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that no message, repr or JSON shows: only `reveal` gives it."""

    _text: str = field(default="", repr=False)

    def reveal(self) -> str:
        """Return the text, to be given to the one who needs it and to nobody else."""
        return self._text

    def redact(self, text: str) -> str:
        """Return `text` with every occurrence of the secret blotted out.

        What local endpoints take for a key ("x", "EMPTY") is no secret, and blotting it out would spoil the text.
        """
        return text.replace(self._text, "***") if len(self._text) >= SHORTEST_SECRET else text


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
    grader: str = "embedding"
    """embedding, llm, hybrid or cascade; cosine is the whole-text baseline."""
    model: str = "gpt-4.1-mini"
    """The language model, by the name that its endpoint knows."""
    base_url: str = "https://api.openai.com/v1"
    """Any endpoint that speaks the OpenAI chat completions protocol."""
    api_key: Secret = Secret()
    """From the environment alone: OPENAI_API_KEY or GRADER_API_KEY."""
    prompts: Path = Path()
    """The folder of prompt templates."""
    rubric: str = "rubric/v1"
    """A template below `prompts`, without its ending; or the path of a .md.j2 file."""
    max_concurrency: int = 8
    samples: int = 1
    """How often the language model is asked about each answer; their verdicts vote."""
    budget: float = math.inf
    """US dollars that one command may spend."""
    reply_tokens: int = 4000
    """The most tokens that a reply may have; models that think before they answer need some thousands."""
    price: str = ""
    """US dollars per million tokens, "input,output" or "input,output,cached input"; empty: as genai-prices says."""
    requests_per_minute: float = math.inf
    tokens_per_minute: float = math.inf
    timeout: float = 60.0
    """Seconds without a byte from the endpoint after which a request is given up."""
    attempts: int = 5
    """How often a request is sent before its answer is given up."""
    cache: bool = True
    log_replies: bool = False
    """Keep raw exchanges with the language model in `data_dir`."""


def load_settings(flags: Mapping[str, object], environ: Mapping[str, str], folder: Path) -> Settings:
    """Return the settings in force for a command started in `folder`.

    Args:
        flags: values given on the command line; None counts as not given.
        environ: the process environment. `GRADER_BANK` sets `bank`, and so on for every field.
        folder: where `grader.toml`, or `pyproject.toml` with `[tool.grader]`, is looked for.

    Raises:
        ConfigError: a settings file cannot be read, or holds an unknown name or a wrong value.

    """
    names = {field.name for field in fields(Settings)} - {"api_key"}
    values: dict[str, object] = {
        "bank": data_folder("bank") / "aws",
        "prompts": data_folder("prompts"),
        "cache_dir": user_cache_path("grader"),
        "data_dir": user_data_path("grader"),
        "reviewer": environ.get("USER") or "reviewer",
    }
    source, from_file = _settings_file(folder)
    for name, value in from_file.items():
        if name not in names:
            raise ConfigError(f"{source}: unknown setting {nearest(name, names)}")
        values[name] = _typed(name, value, f"{source}: {name}")
    if environ.get("OPENAI_BASE_URL"):
        values["base_url"] = environ["OPENAI_BASE_URL"]
    values["api_key"] = Secret(environ.get("GRADER_API_KEY") or environ.get("OPENAI_API_KEY") or "")
    for name in names:
        variable = ENVIRONMENT_PREFIX + name.upper()
        if environ.get(variable):
            values[name] = _typed(name, environ[variable], variable)
    if environ.get("NO_COLOR"):
        values["color"] = False
    settings = Settings(**values)  # type: ignore[arg-type]  # every value went through _typed
    return with_flags(settings, flags)


def with_flags(settings: Settings, flags: Mapping[str, object]) -> Settings:
    """Return the settings with those that were given on the command line. Raises ConfigError."""
    settings = replace(settings, **{name: value for name, value in flags.items() if value is not None})  # type: ignore[arg-type]  # typer has typed them
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    if not 0 < settings.pass_mark < 1:
        raise ConfigError(f"pass_mark must lie between 0 and 1, not {settings.pass_mark}")
    if settings.threads < 0:
        raise ConfigError(f"threads must be 0 or more, not {settings.threads}")
    if settings.grader not in GRADERS:
        raise ConfigError(f"no grader {nearest(settings.grader, GRADERS)}; there are {', '.join(GRADERS)}")
    for name in (
        "max_concurrency",
        "samples",
        "reply_tokens",
        "attempts",
        "requests_per_minute",
        "tokens_per_minute",
        "timeout",
    ):
        if not getattr(settings, name) > 0:
            raise ConfigError(f"{name} must be more than 0, not {getattr(settings, name)}")
    address = urlsplit(settings.base_url)
    if address.scheme not in ("http", "https") or not address.netloc:
        raise ConfigError(f"base_url must be an address like http://127.0.0.1:8080/v1, not {settings.base_url!r}")
    if address.username or address.password:
        raise ConfigError("base_url holds a user or a password; give the key as OPENAI_API_KEY instead")
    if address.query or address.fragment:
        raise ConfigError("base_url must end before the ? or #; endpoints that need a query cannot be used")
    if not settings.budget >= 0:
        raise ConfigError(f"budget must be 0 or more US dollars, not {settings.budget}")


def _settings_file(folder: Path) -> tuple[Path, dict[str, Any]]:
    for path, table in ((folder / "grader.toml", ()), (folder / "pyproject.toml", ("tool", "grader"))):
        if not path.is_file():
            continue
        import tomllib

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
    return with_flags(settings, {name: _typed(name, text, name) for name, text in texts.items()})
