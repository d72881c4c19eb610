"""Fuzzes the readers of all formats, and the writers with what they have read.

    pip install 'spacy-aioner[fuzz,parquet]'
    python tests/fuzz/fuzz_readers.py all --seconds 360 --findings /tmp/fuzz
    python tests/fuzz/fuzz_readers.py jsonl parquet pubtator.gz
    python tests/fuzz/fuzz_readers.py jats --replay /tmp/fuzz/jats-1a2b3c4d

Whatever a file holds, a reader reports it and raises nothing; see `check` for all that
must hold. A finding does not end the run: of those that fail at the same place the
shortest input is kept, beside its traceback. Only what ends the process (a hang, too
much memory, a crash in C) is kept by libFuzzer itself, and the process started again.

pytest does not collect this file. A finding becomes a test of its format.
"""

import gzip
import hashlib
import io
import json
import os
import random
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import traceback
import warnings
import zipfile
import zlib
from functools import partial
from itertools import islice
from pathlib import Path

import atheris
import typer
from backports import zstd

with atheris.instrument_imports(include=["spacy_aioner.formats", "bioc"]):
    from spacy_aioner.errors import AionerError
    from spacy_aioner.formats.compression import compression
    from spacy_aioner.formats.detect import detect_format
    from spacy_aioner.formats.document import text_between
    from spacy_aioner.formats.files import WRITABLE, open_writer, read_documents

# What can be fuzzed: a format and the suffix of its file; ".gz" or ".zst" may follow.
TARGETS = {
    "pubtator": ("pubtator", ".pubtator"),
    "bioc-xml": ("bioc-xml", ".xml"),
    "bioc-json": ("bioc-json", ".json"),
    "bioc-lines": ("bioc-json", ".jsonl"),
    "pubmed-xml": ("pubmed-xml", ".xml"),
    "jats": ("jats", ".nxml"),
    "nbib": ("nbib", ".nbib"),
    "jsonl": ("jsonl", ".jsonl"),
    "csv": ("csv", ".csv"),
    "archive": ("archive", ".zip"),
    "parquet": ("parquet", ".parquet"),
    "text": ("text", ".txt"),
}
ALL = (*TARGETS, "pubtator.gz", "jsonl.gz", "bioc-json.zst", "pubmed-xml.zst")
FINDINGS = Path(tempfile.gettempdir()) / "fuzz"
HELP = f"all, or any of: {', '.join(ALL)}"
# The formats that hold all documents that are written to them.
KEEPING = ("pubtator", "bioc-xml", "bioc-json", "jsonl")
MAX_DOCUMENTS = 1000
LIMITS = (
    *("-timeout=10", "-report_slow_units=5", "-rss_limit_mb=2048"),
    *("-max_len=8192", "-len_control=20"),
)
# How many rows each Parquet sample has.
ROWS = 6

PUBTATOR = """# note
1|t|TP53 in \U0001f42d
1|a|It\tgrew.
1\t0\t4\tTP53\tGene\t7157
1\t8\t9\t\U0001f42d\tSpecies\t10090\tmore
1\tAssociation\t7157\t10090
1\tCause\t7157\tD001\tNovel

2|t|Rats
2\t0\t4\trats\tSpecies

"""
BIOC = """<?xml version='1.0' encoding='UTF-8'?>
<!DOCTYPE collection SYSTEM 'BioC.dtd'>
<collection><source>s</source><date>d</date><key>k</key><infon key='a'>b</infon>
<document><id>1</id><infon key='c'>d</infon><passage><infon key='type'>title</infon>
<offset>0</offset><text>TP53 &amp; mice</text><annotation id='T1'><infon key='type'>Gene
</infon><infon key='score'>0.5</infon><infon key='identifier'>7157</infon><location
offset='0' length='4'/><text>TP53</text></annotation></passage><passage><offset>12
</offset><sentence><offset>12</offset><text>It grew.</text><annotation id='T2'><location
offset='12' length='2'/><location offset='15' length='4'/><text>It grew</text>
</annotation></sentence></passage><relation id='R1'><infon key='type'>x</infon><node
refid='T1' role='y'/></relation></document><document><id>2</id></document></collection>
"""
PASSAGE = {
    "offset": 0,
    "infons": {"type": "title"},
    "text": "TP53 \U0001f42d",
    "annotations": [
        {
            "id": "T1",
            "infons": {"type": "Gene", "identifier": 7157, "score": 0.5, "task": "ALL"},
            "text": "TP53",
            "locations": [{"offset": 0, "length": 4}],
        }
    ],
}
SENTENCES = {"offset": 7, "sentences": [{"offset": 7, "text": "It."}], "relations": []}
ARTICLE = {"id": "1", "infons": {}, "passages": [PASSAGE, SENTENCES], "pmid": 1}
COLLECTION = {"source": "s", "date": "d", "key": "k", "documents": [ARTICLE, ARTICLE]}
PUBMED = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD" "pubmed.dtd">
<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version="1">1</PMID><Article>
<ArticleTitle>TP53 in <i>mice</i> &lt;1</ArticleTitle><Abstract><AbstractText Label="A">
It grew.</AbstractText><AbstractText><![CDATA[a<b]]></AbstractText></Abstract></Article>
</MedlineCitation></PubmedArticle><!-- none --><PubmedBookArticle><BookDocument><PMID>2
</PMID><Book><BookTitle>Rats</BookTitle></Book></BookDocument></PubmedBookArticle>
<DeleteCitation><PMID>3</PMID></DeleteCitation></PubmedArticleSet>
"""
DOCTYPE = '<?xml version="1.0"?><!DOCTYPE article PUBLIC "-//NLM//DTD" "a.dtd">'
JATS = """
<article xmlns:mml="http://www.w3.org/1998/Math/MathML"><front><article-meta>
<article-id pub-id-type="pmc">1</article-id><title-group><article-title>TP53<xref>1
</xref></article-title><subtitle>In mice</subtitle></title-group><abstract><sec><title>
Aim</title><p>x<sup>2</sup></p></sec></abstract></article-meta></front><body><sec><title>
One</title><p>Text <list><list-item><p>a</p></list-item></list> on <fig><label>1</label>
<caption><p>A fig</p></caption></fig><alternatives><tex-math>x</tex-math><mml:math>
<mml:mi>x</mml:mi></mml:math></alternatives><break/>.</p><table-wrap><table><tr><td>a
</td><th>b</th></tr></table></table-wrap><def-list><def-item><term>t</term><def><p>d</p>
</def></def-item></def-list></sec></body><back><fn-group><fn><p>n</p></fn></fn-group>
<ref-list/></back><sub-article><front-stub/><body><p>s</p></body></sub-article></article>
"""
JSONL = """{"id": 1, "title": "TP53 in \\ud83d\\udc2d", "abstract": null, "year": 1.5e3}
{"id": "2", "text": "TP53 grew.", "entities": [{"start": 0, "end": 4, "type": "Gene",
 "text": "TP53", "id": 7157, "score": 0.5, "task": "ALL"}]}

{"text": "x", "more": [[1], {"a": [true, NaN]}]}
""".replace(",\n", ",")
NBIB = """PMID- 1
TI  - TP53 in
      mice.
AB  - It grew glio-
      mas.
OAB - Ratas.
OABL- spa

PMID- 2
TI  - [Not Available].
TT  - Die Maus
"""
CSV = 'pmid,title,abstract\n1,TP53,"In ""mice"",\nrats"\n2,Mice,\n\n3,"a",b\n'
TOKENS = (
    *("|t|", "|a|", "\t", "\n", "\r\n", "\n\n", "#", "1\t0\t4\tTP53\tGene\t7157"),
    *("\ufeff", "\ud83d", "\x00", "\uffff", "\U0001f42d", "\u2028", "\x85", "\u0301"),
    *("<!--", "-->", "<![CDATA[", "]]>", "<?xml", "?>", "<!DOCTYPE ", "<!ENTITY ", "&"),
    *("<collection>", "<document>", "</document>", "<passage>", "<sentence>", "<id>"),
    *("<annotation id='", "<relation id='", "<node ", "<location ", "<infon key='"),
    *("<offset>", "<text>", "</text>", "encoding='UTF-16'", "encoding='latin1'", "&a;"),
    *("<PubmedArticle>", "</PubmedArticle>", "<PMID>", "<Article>", "<ArticleTitle>"),
    *("<article>", "</article>", "<body>", "<sec>", "<p>", "</p>", "<fig>", "<title>"),
    *("<alternatives>", "<tr>", "<td>", "<list>", "<def-item>", "<fn>", "xmlns:a='b'"),
    *('"documents"', '"passages"', '"PubTator3"', '"annotations"', '"locations"', "{}"),
    *('"offset"', '"length"', '"sentences"', '"entities"', '"start"', '"end"', "[]"),
    *('"infons"', '"text"', '"id"', "null", "true", "NaN", "1e999", "-1", '"\\ud83d"'),
    *("9" * 30, "9" * 4300, f"1{'0' * 18}", "0.5", "[[[[[[[[", '{"a":' * 8, "PAR1"),
)
WORDS = [token.encode("utf-8", "surrogatepass") for token in TOKENS]
# What the text formats are made of.
PARTS = re.compile(rb"""</?[\w:-]+|"[^"\n]*"?|'[^'\n]*'?|\d+|\w+|\s|[^\w\s]""")
PACK = {"": bytes, "gz": partial(gzip.compress, mtime=0), "zst": zstd.compress}
UNPACK = {"": bytes, "gz": gzip.decompress, "zst": zstd.decompress}


def samples(target: str) -> list[bytes]:
    """Get what fuzzing begins with.

    target (str): One of TARGETS, maybe with the suffix of a compression.
    RETURNS (list[bytes]): Small files of its format.
    """
    name, zipped = target.partition(".")[::2]
    made: dict[str, list[object]] = {
        "pubtator": [PUBTATOR, PUBTATOR.replace("\n", "\r\n"), "1|t|a\n2|t|b"],
        "bioc-xml": [BIOC, BIOC.replace("UTF-8", "latin1")],
        "bioc-json": [COLLECTION, [COLLECTION, COLLECTION], [ARTICLE], ARTICLE],
        "bioc-lines": [
            f"{json.dumps(ARTICLE)}\n{json.dumps({'PubTator3': [ARTICLE]})}"
        ],
        "pubmed-xml": [PUBMED],
        "jats": [DOCTYPE + JATS, f"<pmc-articleset>{JATS * 2}</pmc-articleset>"],
        "nbib": [NBIB],
        "jsonl": [JSONL],
        "csv": [CSV, CSV.replace(",", "\t")],
        "archive": [],
        "parquet": [],
        "text": ["TP53 in \U0001f42d\r\n"],
    }
    made["bioc-json"].append({"PubTator3": [ARTICLE]})
    texts = [x if isinstance(x, str) else json.dumps(x) for x in made[name]]
    found = [text.encode() for text in texts]
    if name == "bioc-xml":
        found.append(BIOC.replace("UTF-8", "UTF-16").encode("utf-16"))
    if name == "parquet":
        found = tables()
    if name == "archive":
        found = archives()
    return [PACK[zipped](data) for data in found]


def archives() -> list[bytes]:
    """Get a tar and a ZIP archive of a few small files."""
    files = {"a.nxml": JATS, "b.jsonl": JSONL, "c.txt": "TP53", "d.jpg": ""}
    tarred, zipped = io.BytesIO(), io.BytesIO()
    with (
        tarfile.open(fileobj=tarred, mode="w") as tar,
        zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as pack,
    ):
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
            pack.writestr(name, text)
    return [tarred.getvalue(), zipped.getvalue()]


def tables() -> list[bytes]:
    """Get Parquet files of ROWS rows, encoded in several ways."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        "id": [str(number) for number in range(ROWS)],
        "title": ["TP53", "Mice", None, "", "\U0001f42d", "TP53"],
        "abstract": [f"It grew {number}." for number in range(ROWS)],
    }
    numbered = pa.table(columns | {"id": range(ROWS)})
    plain = {"use_dictionary": False, "write_statistics": False, "store_schema": False}
    found = []
    for table, options in (
        (pa.table(columns), {"row_group_size": 2}),
        (pa.table(columns), {**plain, "compression": "none", "row_group_size": 3}),
        (pa.table(columns), {**plain, "compression": "gzip"}),
        (numbered, {"compression": "zstd", "data_page_version": "2.0"}),
        (numbered, {**plain, "data_page_size": 1, "write_batch_size": 1}),
        (numbered, {"write_page_index": True, "write_page_checksum": True}),
    ):
        stream = io.BytesIO()
        pq.write_table(table, stream, **options)
        found.append(stream.getvalue())
    return found


def check(data: bytes, target: str, folder: Path) -> None:
    """Read a file and write what it holds; anything but an assertion is a finding too.

    data (bytes): What the file holds.
    target (str): One of TARGETS, maybe with the suffix of a compression.
    folder (Path): Where files can be written.
    """
    name, zipped = target.partition(".")[::2]
    format, suffix = TARGETS[name]
    path = folder / f"in{suffix}{zipped and '.'}{zipped}"
    path.write_bytes(data)
    problems: list[object] = []
    found = list(
        islice(
            read_documents(path, format=format, report=problems.append), MAX_DOCUMENTS
        )
    )
    assert found or problems, "neither a document nor a problem"
    if format == "parquet" and len(found) != ROWS:
        assert problems, f"{len(found)} rows of {ROWS}, and no problem"
    for document in found:
        assert isinstance(document.id, str)
        assert all(passage.offset >= 0 for passage in document.passages)
        for mention in document.mentions:
            assert 0 <= mention.start < mention.end
            text = text_between(document.passages, mention.start, mention.end)
            assert text is not None, "a mention outside the text"
            assert isinstance(mention.text, str)
            assert isinstance(mention.type, str)
    lost = any(problem.lost for problem in problems)
    try:
        for _ in islice(read_documents(path, format=format), MAX_DOCUMENTS):
            pass
    except AionerError:
        assert lost, "the default report raised, and nothing was lost"
    else:
        assert not lost, "something was lost, and the default report did not raise"
    try:
        detect_format(path)
    except AionerError:
        assert lost, "the format cannot be told, and nothing was lost"
    # All formats would take too long; the same input must do the same again.
    chosen = list(WRITABLE)[zlib.crc32(data) % len(WRITABLE)]
    for new in sorted({format, chosen} & set(WRITABLE)):
        problems = []
        other = folder / f"out{WRITABLE[new]}"
        with open_writer(
            other, new, like=path, keep=True, report=problems.append
        ) as writer:
            for document in found:
                writer.write(document)
        again = list(
            islice(
                read_documents(other, format=new, report=problems.append), MAX_DOCUMENTS
            )
        )
        if new in KEEPING:
            assert len(again) == len(found), f"{new}: {len(again)} of {len(found)}"


def mutate(data: bytes, size: int, seed: int, zipped: str) -> bytes:
    """Change an input: half of the time its bytes, else what its parts stand for.

    data (bytes): The input.
    size (int): How long the new one may be.
    seed (int): Of everything drawn.
    zipped (str): How it is compressed: "gz", "zst" or "".
    RETURNS (bytes): The new one.
    """
    dice = random.Random(seed)
    if dice.random() < 0.5:
        return atheris.Mutate(data, size)
    try:
        data = UNPACK[zipped](data)
    except Exception:
        return atheris.Mutate(data, size)
    parts = PARTS.findall(data[: 4 * size])
    for _ in range(dice.randint(1, 4)):
        start = dice.randint(0, len(parts))
        stop = start + dice.choice((0, 1, 1, 2, 5, 20))
        other = dice.randint(0, len(parts))
        piece = dice.choice(
            (
                [],
                [dice.choice(WORDS)],
                parts[other : other + 1],
                parts[other : other + dice.randint(1, 30)],
                parts[start:stop] * dice.choice((2, 2, 9, 99)),
            )
        )
        parts[start:stop] = piece
    return PACK[zipped](b"".join(parts)[: 4 * size])[:size]


def keep(error: BaseException, data: bytes, target: str, findings: Path) -> None:
    """Keep the input of a finding, unless a shorter one fails at the same place.

    error (BaseException): What the input raised.
    data (bytes): The input.
    target (str): What was fuzzed.
    findings (Path): The folder of the findings.
    """
    places = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if "spacy_aioner" in frame.filename or frame.filename == __file__
    ]
    place = f"{type(error).__name__} {' '.join(places[-4:])}"
    path = findings / f"{target}-{hashlib.sha256(place.encode()).hexdigest()[:8]}"
    if path.exists() and path.stat().st_size <= len(data):
        return
    if not path.exists():
        print(f"finding: {path.name}: {place}: {error}", file=sys.stderr, flush=True)
    path.write_bytes(data)
    lines = traceback.format_exception(error)
    path.with_suffix(f"{path.suffix}.txt").write_text("".join(lines), errors="replace")


def fuzz(target: str, seconds: int, findings: Path) -> None:
    """Fuzz one target; ends the process.

    target (str): What to fuzz.
    seconds (int): For how long.
    findings (Path): The folder of the findings; the corpus is below it.
    """
    corpus = findings / "corpus" / target
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(samples(target)):
        (corpus / f"sample{number}").write_bytes(data)
    words = findings / "tokens"
    entries = (
        "".join(f"\\x{byte:02x}" for byte in word) for word in WORDS if len(word) < 64
    )
    words.write_text("".join(f'"{entry}"\n' for entry in entries))
    place = "/dev/shm" if os.path.isdir("/dev/shm") else None
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=place))

    def one(data: bytes) -> None:
        try:
            check(data, target, folder)
        except Exception as error:
            keep(error, data, target, findings)

    warnings.simplefilter("error")
    artifacts = f"-artifact_prefix={findings}/{target}-"
    options = [*LIMITS, f"-dict={words}", f"-max_total_time={seconds}", artifacts]

    def other(data: bytes, size: int, seed: int) -> bytes:
        return mutate(data, size, seed, target.partition(".")[2])

    options += ["-print_final_stats=1", str(corpus)]
    # Parquet is no text: what moves nothing hits more.
    own = {} if target.startswith("parquet") else {"custom_mutator": other}
    atheris.Setup([sys.argv[0], *options], one, **own)
    atheris.Fuzz()


def main(
    targets: list[str] = typer.Argument(..., help=HELP),
    seconds: int = typer.Option(360, min=1, help="How long each is fuzzed."),
    findings: Path = typer.Option(FINDINGS, help="The folder of findings and corpus."),
    replay: list[Path] = typer.Option([], help="Inputs to check once, aloud."),
    here: bool = typer.Option(False, hidden=True),
) -> None:
    """Fuzz one target after the other, or check inputs of one of them again."""
    findings.mkdir(parents=True, exist_ok=True)
    for target in ALL if targets == ["all"] else targets:
        if target.removesuffix(compression(target)) not in TARGETS:
            raise typer.BadParameter(f"no target {target!r}; see --help")
        if replay:
            with tempfile.TemporaryDirectory() as folder:
                for path in replay:
                    check(path.read_bytes(), target, Path(folder))
            continue
        if here:
            fuzz(target, seconds, findings)
        stop = time.monotonic() + seconds
        while (left := int(stop - time.monotonic())) > 0:
            print(f"fuzzing {target} for {left} s", file=sys.stderr, flush=True)
            options = ["--here", "--seconds", str(left), "--findings", str(findings)]
            subprocess.run([sys.executable, __file__, target, *options])


if __name__ == "__main__":
    typer.run(main)
