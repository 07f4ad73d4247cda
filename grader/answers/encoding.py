"""How a text file is encoded: found out, never guessed where a guess could turn letters into others."""

from pathlib import Path

from charset_normalizer import from_bytes

from grader.errors import InputError

_SAMPLE = 1 << 20
_CHUNK = 1 << 20


def find_encoding(path: Path, name: str) -> tuple[str, str]:
    """Return (encoding, what to tell the user about it, or nothing).

    Raises:
        InputError: no encoding fits; the row of the first byte that cannot be read.

    """
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE)
    if encoding := _utf16(head):
        _check_decodes(path, name, encoding)
        return encoding, f"{name}: read as UTF-16"
    try:
        _check_decodes(path, name, "utf-8-sig")
    except InputError:
        # Broken UTF-8 is not another encoding: guessing would turn one bad byte into many wrong letters.
        guess = from_bytes(head, cp_isolation=["cp1252"]).best()
        if guess is None or _holds_utf8(head):
            raise
        _check_decodes(path, name, "cp1252")
        return "cp1252", f"{name}: not UTF-8; read as Windows-1252 (cp1252)"
    return "utf-8-sig", ""


def _utf16(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    # Without a mark: every other byte of a header in Latin letters is zero.
    start = head[:64]
    if len(start) >= 4 and not any(start[1::2]) and all(start[0::2]):
        return "utf-16-le"
    if len(start) >= 4 and not any(start[0::2]) and all(start[1::2]):
        return "utf-16-be"
    return ""


def _check_decodes(path: Path, name: str, encoding: str) -> None:
    with path.open(encoding=encoding, newline="") as stream:
        try:
            while stream.readline(_CHUNK):
                pass
        except UnicodeError as exc:
            raise InputError(
                f"{name}: row {_row_of_bad_byte(path, encoding)}: not valid {encoding.removesuffix('-sig').upper()} "
                f"({exc}); save the file as UTF-8"
            ) from exc


def _row_of_bad_byte(path: Path, encoding: str) -> int:
    """Return the row that holds the first undecodable byte, quoted line breaks not counted as rows."""
    data = path.read_bytes()
    try:
        data.decode(encoding)
    except UnicodeError as exc:
        data = data[: getattr(exc, "start", 0)]
    text = data.decode(encoding, errors="ignore")
    return 1 + sum(piece.count("\n") for piece in text.split('"')[::2])


def _holds_utf8(head: bytes) -> bool:
    """Say whether the bytes hold at least one well-formed multi-byte UTF-8 character."""
    return any(ord(char) > 127 for char in head.decode("utf-8", errors="ignore"))
