"""Tells a second time, from the sealed records and the vendor's rules, which rows a job in the vendor's CSV has to have.

    again.py RECORDS PRODUCTION BATCH-SIZE

RECORDS is a folder of record segments as they lie in an archive. Compares batches, messages and files; who was there is
not told here. Shares no code with the program.
"""

import collections
import csv
import io
import json
import pathlib
import sys
import zipfile

records, production, size = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
csv.field_size_limit(1 << 30)
UNSAFE = '\\:*?"<>|\u202e'


def lines(kind):
    for path in sorted(records.glob(f"*-{kind}.jsonl")):
        with path.open("rb") as segment:
            for line in segment:
                yield json.loads(line)


posts = [dict(record["data"], id=record["id"]) for record in lines("post")]
posts = [post for post in posts if not post.get("type", "").startswith("system_")]
posts.sort(key=lambda post: (post["update_at"], post["id"].encode()))
files = collections.defaultdict(list)
for record in lines("file"):
    files[record["data"].get("post_id", "")].append(dict(record["data"], id=record["id"]))

zips = sorted(production.glob("*.zip"))
job_start = int(zips[0].name.split("-")[1])
expected, spans, start = collections.Counter(), [], job_start
for number, first in enumerate(range(0, len(posts), size)):
    batch = posts[first : first + size]
    is_last = first + size >= len(posts)
    end = None if is_last else batch[-1]["update_at"]
    spans.append((start, end))
    start = end
    for post in batch:
        props = post.get("props") or {}
        if isinstance(props, str):
            props = json.loads(props)
        deleted = post.get("delete_at", 0) > 0 and "deleteBy" in props
        text, edited = post.get("message", ""), ""
        if post.get("delete_at", 0) > 0 and post.get("original_id"):
            update, edited, deleted_row = "EditedOriginalMsg", post["original_id"], False
        elif deleted:
            update, text, deleted_row = "Deleted", "delete " + text, True
        elif post["update_at"] > post["create_at"]:
            update, deleted_row = ("EditedNewMsg" if post.get("edit_at", 0) > 0 else "UpdatedNoMsgChange"), False
        else:
            update, deleted_row = "", False
        attached = files[post["id"]] if post.get("file_ids") else []

        def row(updated, kind, edited, message, sort):
            expected[number, post["create_at"], updated, kind, post["id"], edited, message, sort] += 1

        def upload(file):
            # Names of members are made safe: the one thing that is told otherwise than the vendor does.
            base = "".join("_" if c in UNSAFE else c for c in file["path"].rsplit("/", 1)[-1])
            return f"{file['name']} (files/{post['id']}/{file['id']}-{base})".strip()

        if deleted_row and post["create_at"] >= job_start:
            row(post["update_at"], "", "", post.get("message", ""), "message")
            for file in attached:
                row(post["update_at"], "", "", upload(file), "attachment")
        row(post["update_at"], update, edited, text, "message")
        for file in attached:
            if file["delete_at"] > 0:
                row(file["delete_at"], "FileDeleted", "", upload(file), "deleted attachment")
            if not (file["delete_at"] > 0 and deleted):
                row(post["update_at"], "", "", upload(file), "attachment")

found = collections.Counter()
for number, path in enumerate(zips):
    begin, end = map(int, path.stem.split("-")[1:])
    assert begin == spans[number][0] and spans[number][1] in (None, end), (path.name, spans[number])
    with zipfile.ZipFile(path) as opened:
        text = io.StringIO(opened.read("posts.csv").decode(), newline="")
    for line in csv.DictReader(text, strict=True):
        if line["Post Type"] in ("message", "attachment", "deleted attachment"):
            found[
                number,
                int(line["Post Creation Time"]),
                int(line["Post Update Time"]),
                line["Post Update Type"],
                line["Post Id"],
                line["Edited By Post Id"],
                line["Post Message"],
                line["Post Type"],
            ] += 1

assert len(zips) == len(spans), (len(zips), len(spans))
missing, more = expected - found, found - expected
assert not missing and not more, f"missing {list(missing.items())[:5]}, more {list(more.items())[:5]}"
kinds = collections.Counter(row[3] or row[7] for row in expected.elements())
print(json.dumps({"batches": len(zips), "rows": expected.total(), "kinds": dict(sorted(kinds.items()))}))
