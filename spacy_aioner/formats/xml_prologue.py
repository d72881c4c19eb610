"""What single records of an XML file need from before them: prefixes and entities.

Nothing is loaded: the DTDs declare sets of characters that ISO and HTML name.
"""

from __future__ import annotations

import re
from html.entities import html5

# The DTDs, which are not loaded, declare these for all files.
MATHML = "http://www.w3.org/1998/Math/MathML"
NAMESPACES = {
    "ali": "http://www.niso.org/schemas/ali/1.0/",
    "mml": MATHML,
    "xlink": "http://www.w3.org/1999/xlink",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
PREFIX = re.compile(rb"""\sxmlns:([A-Za-z_][\w.-]*)\s*=\s*["']?([^"'<>]*)""")
NAME = rb"[A-Za-z_:][\w.:-]*"
REFERENCE = re.compile(rb"&(%b);" % NAME)
DECLARATION = re.compile(rb"""<!ENTITY\s+(%b)\s+("[^"]*"|'[^']*')\s*>""" % NAME)
EXTERNAL = re.compile(rb"<!ENTITY\s+(%b)\s+(?:SYSTEM|PUBLIC)\s" % NAME)
XML_OWN = {b"amp", b"apos", b"gt", b"lt", b"quot"}
UNDEFINED = re.compile(r"Entity '([^']+)' not defined")
# What libxml2 says of entities that hold one another or grow without end.
BOMB = re.compile(r"amplification|entity reference loop", re.IGNORECASE)
# The sets of JATS that HTML lacks, ISO's of Greek text and a few characters.
_LETTERS = (
    *("a α", "b β", "g γ", "d δ", "e ε", "z ζ", "ee η", "th θ", "i ι", "k κ", "l λ"),
    *("m μ", "n ν", "x ξ", "o ο", "p π", "r ρ", "s σ", "sf ς", "t τ", "u υ", "ph φ"),
    *("kh χ", "ps ψ", "oh ω", "aac ά", "eac έ", "eeac ή", "iac ί", "oac ό", "uac ύ"),
    *("ohac ώ", "idi ϊ", "udi ϋ", "idia ΐ", "udia ΰ"),
)
GREEK = dict(each.split() for each in _LETTERS)
OTHERS = {"franc": "\u20a3", "gcaron": "\u01e7", "Hmacr": "H\u0304"}
BOLD = "b."


class Prologue:
    """What a file declares before its first record, and what is known of any file.

    head (bytes): The beginning of the file.
    """

    def __init__(self, head: bytes) -> None:
        self._opening = _start_tag(head)
        self._declared: dict[bytes, bytes] = {}
        for name, value in DECLARATION.findall(head):
            # The first declaration counts. Line breaks would shift line numbers.
            text = value.replace(b"\r", b" ").replace(b"\n", b" ")
            self._declared.setdefault(name, text)
        self._external = set(EXTERNAL.findall(head))

    def complete(self, record: bytes) -> bytes:
        """Make a whole of a record.

        record (bytes): The record.
        RETURNS (bytes): XML with the record as the only child of its root. Entities
            that are not known stay undeclared, so that the parser refuses them.
        """
        doctype = self._doctype(record)
        return b"%b%b%b</records>" % (doctype, self._opening, record)

    def _doctype(self, record: bytes) -> bytes:
        """Declare the entities that a record refers to, if there are any."""
        found: dict[bytes, bytes] = {}
        names = REFERENCE.findall(record)
        while names:
            name = names.pop()
            if name in found or name in XML_OWN:
                continue
            value = self._declared.get(name) or _declaration(name.decode())
            if value is not None:
                found[name] = value
                names += REFERENCE.findall(value)
        if not found:
            return b""
        declared = (b"<!ENTITY %b %b>" % each for each in found.items())
        return b"<!DOCTYPE records [%b]>" % b"".join(declared)

    def fault(self, message: str) -> str:
        """Say what is wrong with a record.

        message (str): What the parser said.
        RETURNS (str): The fault, for "this record …".
        """
        undefined = UNDEFINED.search(message)
        if undefined is None:
            if BOMB.search(message):
                return "uses entities that grow without end"
            return f"is not well-formed XML ({message})"
        name = undefined[1]
        if name.encode() in self._external:
            return (
                f"refers to &{name};, which stands outside the file and is not loaded"
            )
        return (
            f"refers to &{name};, which is no known character and which the file does "
            f"not declare"
        )


def _start_tag(head: bytes) -> bytes:
    """Make a start tag that declares the prefixes a record may use."""
    spaces = {
        prefix.decode(): MATHML if uri == MATHML.encode() else f"urn:{prefix.decode()}"
        for prefix, uri in PREFIX.findall(head)
    } | NAMESPACES
    declared = (
        f' xmlns:{prefix}="{uri}"'
        for prefix, uri in spaces.items()
        if not prefix.lower().startswith("xml")
    )
    return f"<records{''.join(declared)}>".encode()


def character(name: str) -> str:
    """Get what the name of a character stands for.

    name (str): A name of ISO or HTML, such as "alpha".
    RETURNS (str): One character or more; empty for any other name.
    """
    text = html5.get(f"{name.removeprefix(BOLD)};") or OTHERS.get(name)
    return text or _greek(name)


def _declaration(name: str) -> bytes | None:
    """Get the quoted value of the entity of a character; None for any other name."""
    text = character(name)
    # Escaped twice, so that "<" and "&" are no markup when the entity is used.
    value = "".join(f"&#38;#{ord(each)};" for each in text)
    return f'"{value}"'.encode() if text else None


def _greek(name: str) -> str:
    letter = name.removesuffix("gr")
    if letter == name:
        return ""
    small = GREEK.get(letter.lower(), "")
    return small.upper() if letter[:1].isupper() else small
