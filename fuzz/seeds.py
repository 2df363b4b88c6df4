#!/usr/bin/env python3
"""Writes seeds for every fuzz target into corpus/TARGET: the fixtures, and what ordinary tools make.

    fuzz/seeds.py [CHATSEAL]

CHATSEAL is a built program; with it there are seeds of intact archives too. Needs ssh-keygen and openssl.
"""

import base64
import gzip
import hashlib
import io
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures"


def seed(target, data):
    """One file, named so that the fuzzer's own are told apart."""
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    if data:
        (folder / f"seed-{hashlib.sha256(data).hexdigest()[:16]}").write_bytes(data)


MEMBERS = {
    "seal.txt": ["seal"],
    "seal.note": ["note"],
    "seal.txt.sig": ["sshsig"],
    "segments.csv": ["segments_csv"],
    "manifest-sha256.txt": ["manifest"],
    "tagmanifest-sha256.txt": ["manifest"],
    "bag-info.txt": ["manifest"],
    "salt.txt": ["manifest"],
    "summary.json": ["summary", "json_cursor"],
    "source.json": ["json_cursor"],
}


def archives(folder):
    for path in sorted(folder.rglob("*.zip")):
        data = path.read_bytes()
        seed("zip_reader", data)
        seed("bulk_container", data)
        try:
            members = zipfile.ZipFile(io.BytesIO(data))
        except Exception:  # a fixture that is no zip to Python
            continue
        for info in members.infolist():
            if info.file_size > 1 << 20:
                continue
            try:
                content = members.read(info)
            except Exception:  # a fixture that Python cannot read
                continue
            for target in MEMBERS.get(info.filename.rsplit("/", 1)[-1], []):
                seed(target, content)
            lines = content.split(b"\n")
            if "/records/" in info.filename:
                for line in lines[:5]:
                    seed("record_line", line)
                    seed("record_fields", line)
            elif info.filename.endswith("exceptions.jsonl"):
                for line in content.splitlines(keepends=True)[:5]:
                    seed("exceptions", line)
            elif info.filename.endswith("hold-sets.jsonl"):
                for line in content.splitlines(keepends=True)[:5]:
                    seed("hold_sets", line)


def exports():
    for at in (-(2**63), 2**53, -0.0, 2**63 - 1):
        seed("record_line", b'{"kind":"post","id":"a","at":%s,"data":{"message":"x"}}' % str(at).encode())
    text = (FIXTURES / "demo/harbour.jsonl").read_bytes()
    lines = text.split(b"\n")
    for line in lines:
        seed("bulk_line", line)
        seed("json_cursor", line)
        seed("bulk_export", line)
    seed("bulk_export", b"\n".join(lines[1:]))
    posts = [line for line in lines if line.startswith(b'{"type":"post"')]
    # Keys that are not unique, and a line that breaks off.
    seed("bulk_export", b"\n".join([posts[0], posts[1], posts[0], posts[0].replace(b"message\":\"", b"message\":\"z")]))
    seed("bulk_export", posts[0] + b"\n" + posts[1][:100])
    for line in [*lines[:12], *posts[:4]]:
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", method) as made:
                made.writestr("import.jsonl", lines[0] + b"\n" + line + b"\n")
                made.writestr("data/20261014/a", b"x" * 100)
            seed("bulk_container", out.getvalue())
    for path in sorted(FIXTURES.glob("audit/*.log")):
        for line in path.read_bytes().split(b"\n"):
            seed("audit_line", line)
    for text in [b'{"a":{"a":1,"a":2}}', b'"\\ud800"', b"[1e999,-0,0.5E+3]", b"[" * 70 + b"]" * 70, b'["\\ud83d\\ude00\\u0000"]']:
        seed("json_cursor", text)
        seed("bulk_line", b'{"type":"post","post":{"team":"t","channel":"c","user":"u","create_at":1,"props":%s}}' % text)
        seed("audit_line", b'{"event":"login","status":"success","password":"x","props":%s}' % text)


def policies():
    """The samples, the transcripts' files, and each of their lines below a head that makes it a policy."""
    for folder in ("policies", "tests/transcripts/policy.in"):
        for path in sorted((HERE.parent / folder).glob("*.toml")):
            data = path.read_bytes()
            seed("policy", data)
            for line in data.split(b"\n"):
                if b" = " in line:
                    head = b'schema = "chatseal-policy/v1"\nid = "a"\ntitle = "b"\n[[rule]]\nid = "r"\n'
                    seed("policy", head + line + b"\n")
                    seed("policy", b'schema = "chatseal-holds/v1"\n[[hold]]\nid = "h"\n' + line + b"\n")


def dumps():
    """A small dump of every state that the reader knows, plain and packed; and the schema of a real one in parts."""
    head = (b"--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n\n-- Dumped from database version 15.18\n\n"
            b"SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSET search_path = public;\n\n")
    body = (b"CREATE TABLE public.posts (\n    id character varying(26) NOT NULL,\n    \"desc\" text DEFAULT 'a;'::text\n);\n"
            b"CREATE FUNCTION f() AS $$ ; $$;\nCREATE FUNCTION g() BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; END;\n"
            b"SELECT E'\\';';\n/* /* ; */ */\nCOPY public.posts (id, \"desc\") FROM stdin;\na\t\\N\nb\tc\\n\n\\.\n\n"
            b"COPY other.posts  FROM stdin;\n" + b"x" * 50 + b"\n\\.\n")
    whole = head + body + b"--\n-- PostgreSQL database dump complete\n--\n\n"
    for data in (whole, whole.replace(b"'UTF8'", b"'LATIN1'"), gzip.compress(whole), gzip.compress(head) + gzip.compress(body)):
        seed("dump_reader", data)
    if shutil.which("zstd"):
        seed("dump_reader", subprocess.run(["zstd", "-q", "-c"], input=whole, check=True, capture_output=True).stdout)
    real = (FIXTURES / "postgres/mattermost-5.37.sql").read_bytes()
    seed("dump_reader", head + real[2000:6000] + body)


def rows():
    cells = [b"t", b"1700000000000", b'{"a":"b\\\\nc"}', b"\\N", b"id1", b'a\\tb\\\\"\\101', b"{}", b"\\\\x7b7d",
             b"2026-01-02 03:04:05.1+02", b'{a,"b"}', b"token=x https://a/b"]
    # Kind, whether columns are declared as JSON, row: one of nearly every width, for every kind.
    for kind in range(100):
        for width in range(1, 56):
            row = b"\t".join(cells[(kind + width + at) % len(cells)] for at in range(width))
            seed("copy_row", bytes([kind, width & 1]) + row)


def checklists():
    task = '{"id":"t","title":"a","state":"closed","state_modified":1,"assignee_id":"u","due_date":2,"condition_action":"hidden"}'
    for text in [f'[{{"id":"c","title":"b","items":[{task},{{"checked":true}}],"items_order":["t"]}}]', '[{"items":null}]', f"[{task}",
                 '{"action":"check","task":"a"}', '{"action":"left","users":["bob",7]}', "@anna.b to @bob."]:
        seed("checklists", text.encode())


def keys(folder):
    def run(*command, **options):
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, **options).stdout

    for name in ("user", "ca"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-C", "locked", "-f", "locked")
    run("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-C", "other", "-f", "other")
    run("ssh-keygen", "-q", "-s", "ca", "-I", "records", "-n", "auditor@example.org", "-V", "20260101Z:20361231Z",
        "-z", "7", "-O", "source-address=10.0.0.0/8", "user.pub")
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", "pkcs8")
    run("openssl", "pkey", "-in", "pkcs8", "-outform", "DER", "-out", "pkcs8.der")
    run("openssl", "pkey", "-in", "pkcs8", "-pubout", "-out", "spki")
    for name in ("user", "user.pub", "user-cert.pub", "locked", "other", "other.pub", "pkcs8", "pkcs8.der", "spki"):
        seed("key_files", (folder / name).read_bytes())
    cert = (folder / "user-cert.pub").read_text().split()[1]
    seed("certificate", base64.b64decode(cert))
    public = (folder / "user.pub").read_text().strip()
    authority = (folder / "ca.pub").read_text().strip()
    for options in ("", 'namespaces="seal@chatseal.v1,git" ', 'valid-after="20260101Z",valid-before="20300101000000" ',
                    'cert-authority ', 'cert-authority,namespaces="*@chatseal.v1" ', "no-such-option "):
        for line in (public, authority):
            seed("allowed_signers", f"# who\nauditor@example.org,*.example {options}{line}\n".encode())
    seed("allowed_signers", f'"auditor@*",!x@y {public}\r\n\n'.encode())
    (folder / "spec").write_text("serial: 7-100\nid: records\nkey: " + public + "\nsha256: " + public + "\n")
    run("ssh-keygen", "-q", "-k", "-f", "krl", "-s", "ca.pub", "-z", "3", "spec")
    run("ssh-keygen", "-q", "-k", "-f", "plain.krl", "user.pub")
    for data in ((folder / "krl").read_bytes(), (folder / "plain.krl").read_bytes(), (public + "\n").encode(),
                 run("ssh-keygen", "-lf", "user.pub").split()[1] + b"\n"):
        seed("revocation", data)
    for message in ("hello", "fuzz"):
        for key in ("user", "user-cert.pub"):
            signed = run("ssh-keygen", "-q", "-Y", "sign", "-n", "seal@chatseal.v1", "-f", key, input=message.encode())
            seed("sshsig", signed)


def intact(folder, chatseal):
    def run(*command):
        subprocess.run([chatseal, *command], cwd=folder, check=True, capture_output=True)

    lines = (FIXTURES / "demo/harbour.jsonl").read_bytes().split(b"\n")
    (folder / "small.jsonl").write_bytes(b"\n".join(lines[:3]) + b"\n")
    run("keygen", "seal.key")
    run("export", "small.jsonl", "--key", "seal.key", "--output", "small.zip", "--no-files")
    run("demo", "story")
    archives(folder)
    ledger(folder, run)


def ledger(folder, run):
    run("ledger", "init", "ledger", "--origin", "a.example/audit", "--key", "seal.key")
    act = ["--ledger", "ledger", "--key", "seal.key", "--by", "Mia", "--why", "a letter"]
    run("hold", "add", "h1", "--matter", "Crane 7", "--user", "kai", "--since", "2026-06-01", *act, "--approved-by", "Ada")
    run("hold", "release", "h1", *act)
    run("custody", "add", "small.zip", "--from", "IT", "--to", "counsel", "--how", "by hand", *act)
    run("keygen", "next.key")
    run("ledger", "rotate", "ledger", "--key", "seal.key", "--new-key", "next.key", "--compromised-since", "4")
    run("ledger", "request", "ledger", "--output", "request", "--since", "3")
    for path in (folder / "ledger/statements").glob("*.txt"):
        seed("statement", path.read_bytes())
    note = (folder / "ledger/checkpoint").read_bytes()
    seed("note", note)
    for text in ((folder / "request").read_bytes(), note.split(b"\n\n")[0] + b"\n",
                 b"43-B9D5M-PJTB9-D5MPJ-TB9D5-MPJTB-1V", b"group g 1 w\nquorum none\n"):
        seed("ledger_texts", text)


def index():
    def entry(tag, at, name, clock=None):
        sealed = b"" if clock is None else struct.pack("<q", clock) + b"v" * 16
        return struct.pack("<BqIQ", tag, at, 0, 7) + sealed + struct.pack("<I", len(name)) + name

    head = b"chatseal-index/1\n" + struct.pack("<II", 0, 2) + b"a" * 32 + b"b" * 32
    posts = b"\x01\x04post" + entry(2, 5, b"p1", 5) + entry(3, 5, b"p1", 6) + entry(4, 9, b"p2") + entry(5, 9, b"p3")
    seed("index_volume", head + posts + b"\x01\x04user" + entry(2, 0, b"u", 0) + struct.pack("<BQ", 0, 5))


def main():
    index()
    archives(FIXTURES / "archives")
    exports()
    dumps()
    policies()
    rows()
    checklists()
    with tempfile.TemporaryDirectory() as folder:
        keys(Path(folder))
    if len(sys.argv) > 1:
        with tempfile.TemporaryDirectory() as folder:
            intact(Path(folder), str(Path(sys.argv[1]).resolve()))


main()
