"""Recomputes an archive from the text of the specification: python3 recompute.py ARCHIVE [SOURCE]

Standard library only; it shares nothing with chatseal. With SOURCE, the bulk export that was sealed, it also counts the
records of each kind there and holds them against the archive. Prints one line for each thing that does not agree, and
`checked ARCHIVE: N records` when all was looked at. It does not check signatures; ssh-keygen and openssl do that.
"""

import csv
import datetime
import hashlib
import hmac
import io
import json
import re
import sys
import zipfile
import zlib


def sha(data):
    return hashlib.sha256(data).digest()


def root_of(leaves):
    """RFC 6962, section 2.1, as it is written there."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha(b"\x01" + root_of(leaves[:k]) + root_of(leaves[k:]))


class Archive:
    def __init__(self, path):
        self.problems = []
        raw = open(path, "rb").read()
        self.zip = zipfile.ZipFile(io.BytesIO(raw))
        infos = self.zip.infolist()
        self.name = infos[0].filename.split("/")[0]
        self.paths = []
        self.members = {}
        self.stored = {}
        for info in infos:
            top, inner = info.filename.split("/", 1)
            self.require(top == self.name, f"{info.filename}: another top folder")
            self.require(inner not in self.members, f"{inner}: twice")
            self.paths.append(inner)
            self.members[inner] = self.zip.read(info)
            header = raw[info.header_offset : info.header_offset + 30]
            start = info.header_offset + 30 + header[26] + 256 * header[27] + header[28] + 256 * header[29]
            self.stored[inner] = raw[start : start + info.compress_size]
            self.header(info, inner)

    def require(self, holds, problem):
        if not holds:
            self.problems.append(problem)

    def same(self, found, expected, what):
        self.require(found == expected, f"{what}: the archive says {found!r}, recomputed {expected!r}")

    def header(self, info, inner):
        deflated = inner.startswith("data/records/") and info.file_size > 4096
        self.same(info.compress_type, 8 if deflated else 0, f"{inner}: method")
        self.same(info.date_time, (1980, 1, 1, 0, 0, 0), f"{inner}: time")
        self.same(info.flag_bits, 0, f"{inner}: flags")
        self.same(info.external_attr, 0o100644 << 16, f"{inner}: attributes")
        self.same((info.create_system, info.create_version), (3, info.extract_version), f"{inner}: made by")
        self.same(info.extract_version, 20 if deflated else 10, f"{inner}: version needed")
        self.same((info.extra, info.comment), (b"", b""), f"{inner}: extra and comment")

    def text(self, path):
        return self.members[path].decode("utf-8")

    def lines(self, path):
        data = self.members[path]
        self.require(not data or data.endswith(b"\n"), f"{path}: the last line has no line feed")
        return data.split(b"\n")[:-1]

    def check(self):
        self.order()
        self.bag()
        self.records()
        self.segments()
        self.files()
        self.summary()
        self.policies()
        self.seal()

    def order(self):
        kinds = [0 if p.startswith("data/files/") else 1 if p.startswith("data/records/") else 2 for p in self.paths]
        tags = ["bagit.txt", "bag-info.txt", "salt.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"]
        seals = ["seal.txt", "seal.txt.sig", "seal.note"]
        self.same(self.paths[-8:], tags + seals, "the last members")
        self.same(kinds[:-8], sorted(kinds[:-8]), "order of the payload")
        for group in (1, 2):
            of = [p for p, k in zip(self.paths[:-8], kinds) if k == group]
            self.same(of, sorted(of), "order within the payload")

    def manifest(self, path):
        rows = []
        for line in self.text(path).split("\n")[:-1]:
            found = re.fullmatch(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)", line)
            self.require(found, f"{path}: {line!r}")
            if found:
                rows.append((found[2], found[1]))
        return rows

    def bag(self):
        self.same(self.text("bagit.txt"), "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "bagit.txt")
        payload = [p for p in self.paths if p.startswith("data/")]
        expected = [(p, sha(self.members[p]).hex()) for p in payload]
        self.same(self.manifest("manifest-sha256.txt"), expected, "manifest-sha256.txt")
        tags = ["bag-info.txt", "bagit.txt", "manifest-sha256.txt", "salt.txt"]
        expected = [(p, sha(self.members[p]).hex()) for p in tags]
        self.same(self.manifest("tagmanifest-sha256.txt"), expected, "tagmanifest-sha256.txt")
        octets = sum(len(self.members[p]) for p in payload)
        info = dict(line.split(": ", 1) for line in self.text("bag-info.txt").split("\n")[:-1])
        names = ["Bag-Software-Agent", "Bagging-Date", "External-Identifier", "Payload-Oxum"]
        self.same(list(info), names, "bag-info.txt")
        self.same(info["Payload-Oxum"], f"{octets}.{len(payload)}", "Payload-Oxum")
        self.same(info["External-Identifier"], self.name, "External-Identifier")
        self.date = info["Bagging-Date"]

    def records(self):
        self.same(bool(re.fullmatch(r"[0-9a-f]{64}\n", self.text("salt.txt"))), True, "salt.txt")
        salt = bytes.fromhex(self.text("salt.txt").strip())
        self.leaves, self.kinds, self.parsed, self.rows = [], {}, [], []
        previous, seen = None, []
        segments = [p for p in self.paths if p.startswith("data/records/")]
        for number, path in enumerate(segments, 1):
            kind = re.fullmatch(rf"data/records/{number:06}-([a-z][a-z0-9_]*)\.jsonl", path)[1]
            if kind not in seen:
                seen.append(kind)
                previous = None
            self.same(seen[-1], kind, f"{path}: kinds are contiguous")
            lines, first, times = self.lines(path), len(self.leaves), []
            for line in lines:
                index = len(self.leaves)
                own = hmac.new(salt, index.to_bytes(8, "big"), "sha256").digest()[:16]
                self.leaves.append(sha(b"\x00" + own + line))
                record = json.loads(line.decode("utf-8"))
                members = [m for m in record if m in ("kind", "id", "at", "synthetic", "text", "data", "retention")]
                self.same(list(record), members, f"record {index}: members")
                self.same(record["kind"], kind, f"record {index}: kind")
                self.same(record["id"].startswith("s:"), record.get("synthetic", False), f"record {index}: synthetic")
                key = (record["at"], record["id"].encode(), line)
                self.require(previous is None or previous <= key, f"record {index}: out of order")
                previous = key
                times.append(record["at"])
                self.kinds[kind] = self.kinds.get(kind, 0) + 1
                self.parsed.append(record)
            size = len(self.members[path])
            self.require(size <= 4 << 20 or len(lines) == 1, f"{path}: {size} bytes")
            row = [path, kind, first, len(lines), size, times[0], times[-1], "", ""]
            if size > 4096:
                stored = self.stored[path]
                self.same(zlib.decompress(stored, -15), self.members[path], f"{path}: inflated")
                row[7:] = [len(stored), sha(stored).hex()]
            self.rows.append([str(cell) for cell in row])
        order = sorted(seen, key=lambda kind: (kind != "server", kind.startswith("finding_"), kind))
        self.same(seen, order, "order of the kinds")

    def segments(self):
        table = list(csv.reader(io.StringIO(self.text("data/segments.csv"))))
        head = "path,kind,first_index,records,bytes,first_at,last_at,deflated_bytes,deflated_sha256".split(",")
        self.same(table, [head] + self.rows, "data/segments.csv")
        # A segment ends only before the line that would take it over the limit.
        for one, next_one in zip(self.rows, self.rows[1:]):
            if one[1] == next_one[1]:
                following = self.members[next_one[0]].index(b"\n") + 1
                self.require(int(one[4]) + following > 4 << 20, f"{one[0]}: ends too early")

    def files(self):
        named = []
        for record in self.parsed:
            data = record["data"]
            if "content_member" in data:
                content = self.members.get(data["content_member"])
                where = f"{record['kind']}/{record['id']}"
                self.require(content is not None, f"{where}: no {data['content_member']}")
                if content is not None:
                    digest = sha(content).hex()
                    self.same(data.get("content_sha256", digest), digest, f"{where}: digest")
                    self.same(data.get("content_bytes", len(content)), len(content), f"{where}: length")
                    self.same(data["content_member"], f"data/files/{digest[:2]}/{digest}", f"{where}: member")
                if data["content_member"] not in named:
                    named.append(data["content_member"])
        self.same([p for p in self.paths if p.startswith("data/files/")], named, "files in order of first use")

    def policies(self):
        """What was decided, counted from the lines, and the lists of policies and holds that the seal names."""
        lists = {"policy": [], "holds": []}
        for path in self.paths:
            found = re.fullmatch(r"data/policy/([0-9]{3})-(policy|holds)\.toml", path)
            if found:
                lists[found[2]].append(f"{sha(self.members[path]).hex()}  {path}\n")
                self.same(int(found[1]), len(lists[found[2]]), f"{path}: its number")
        self.lists = {name: sha("".join(rows).encode()).hex() if rows else None for name, rows in lists.items()}
        self.hold_sets()
        judged = any(lists.values())
        self.same("data/withheld.jsonl" in self.members, bool(lists["policy"]), "data/withheld.jsonl is there")
        self.withheld, rules, holds, none = {}, {}, {}, 0
        moment = datetime.datetime.strptime(self.time, "%Y-%m-%dT%H:%M:%S.%fZ") - datetime.datetime(1970, 1, 1)
        now, due, held = moment // datetime.timedelta(milliseconds=1), 0, 0
        for index, record in enumerate(self.parsed):
            self.same("retention" in record, judged, f"record {index}: retention")
            said = record.get("retention", {})
            names = [m for m in ("rule", "keep_until", "dispose_after", "holds") if m in said]
            self.same(list(said), names, f"record {index}: members of retention")
            covering = self.held_by(said.get("holds", []), f"record {index}: holds")
            ends = [said.get("dispose_after", "forever"), said.get("keep_until", 0)]
            if "forever" not in ends and max(ends) <= now:
                due += 1
                held += "holds" in said
            for hold in covering:
                holds[hold] = holds.get(hold, 0) + 1
            if "rule" in said:
                rules.setdefault(said["rule"], {"records": 0, "withheld": 0})["records"] += 1
            else:
                none += 1
        self.same(sorted(self.named_sets), sorted(self.sets), "sets of holds that records name")
        if "data/withheld.jsonl" in self.members:
            lines = self.lines("data/withheld.jsonl")
            self.same(lines, sorted(lines), "order of data/withheld.jsonl")
            for line in map(json.loads, lines):
                self.same(list(line), ["kind", "id", "at", "rule", "reason"], "members of a withheld row")
                told = re.fullmatch(r"due since ([0-9TZ:.-]{24})", line["reason"])
                self.require(told and told[1] <= self.time, f"{line['kind']}/{line['id']}: {line['reason']}")
                self.withheld[line["kind"]] = self.withheld.get(line["kind"], 0) + 1
                rules.setdefault(line["rule"], {"records": 0, "withheld": 0})["withheld"] += 1
        said = self.said.get("retention")
        self.same(said is not None, judged, "summary: retention")
        if said:
            counted = {name: counts for name, counts in said["rules"].items() if any(counts.values())}
            self.same(counted, rules, "summary: rules")
            self.same({name: n for name, n in said["holds"].items() if n}, holds, "summary: holds")
            self.same(said["no_rule"], none, "summary: records without a rule")
            done = said["dispositions"]
            self.same(done["dispose"], sum(self.withheld.values()), "summary: withheld")
            kept = sum(done[word] for word in ("keep", "held", "review", "transfer"))
            self.same(kept, len(self.parsed), "summary: dispositions")
            self.same(done["held"], held, "summary: held")
            self.same(kept - done["keep"], due, "summary: due")
        for kind, counts in self.said["kinds"].items():
            self.same(counts.get("withheld", 0), self.withheld.get(kind, 0), f"summary: withheld of {kind}")
        self.same(set(self.withheld) - set(self.said["kinds"]), set(), "summary: kinds left out")

    def hold_sets(self):
        """The table that says which holds a set is, by the digest of their array."""
        self.sets, self.named_sets = {}, set()
        path = "data/policy/hold-sets.jsonl"
        lines = self.lines(path) if path in self.members else []
        self.same(lines, sorted(set(lines)), f"order of {path}")
        for line in lines:
            found = re.fullmatch(rb'\{"set":"(set:[0-9a-f]{32})","holds":(\[.*\])\}', line)
            self.require(found, f"{path}: {line!r}")
            if found:
                name, ids = found[1].decode(), json.loads(found[2])
                self.same(name, "set:" + sha(found[2]).hex()[:32], f"{path}: name")
                self.same(ids, sorted(set(ids)), f"{path}: {name}")
                self.require(len(ids) > 4, f"{path}: {name} has {len(ids)} holds")
                self.sets[name] = ids
        self.require(lines or path not in self.members, f"{path}: empty")

    def held_by(self, holds, where):
        """Ids of holds, of a set by its name."""
        if isinstance(holds, str):
            self.named_sets.add(holds)
            self.require(holds in self.sets, f"{where}: no {holds}")
            return self.sets.get(holds, [])
        self.same(holds, sorted(set(holds)), where)
        self.require(len(holds) <= 4, f"{where}: {len(holds)} of them spelled out")
        return holds

    def summary(self):
        self.time = [line for line in self.text("seal.txt").split("\n") if line.startswith("time ")][0][5:]
        self.said = json.loads(self.text("data/report/summary.json"))
        exceptions = [json.loads(line) for line in self.lines("data/exceptions.jsonl")]
        lines = self.lines("data/exceptions.jsonl")
        self.same(lines, sorted(lines), "order of the exceptions")
        self.exceptions = [e for e in exceptions if not e["class"].startswith("note-")]
        files = [p for p in self.paths if p.startswith("data/files/")]
        self.same(self.said["records"], len(self.leaves), "summary: records")
        self.same(self.said["files"], len(files), "summary: files")
        self.same(self.said["file_bytes"], sum(len(self.members[p]) for p in files), "summary: file_bytes")
        self.same(self.said["exceptions"], len(self.exceptions), "summary: exceptions")
        self.same(self.said["notes"], len(exceptions) - len(self.exceptions), "summary: notes")
        for kind, counts in self.said["kinds"].items():
            self.same(counts["records"], self.kinds.get(kind, 0), f"summary: records of {kind}")
            parts = [counts[p] for p in ("records", "out_of_scope", "withheld", "quarantined")]
            self.same(counts["source"], sum(parts), f"summary: equation of {kind}")
        self.same(set(self.kinds) - set(self.said["kinds"]), set(), "summary: kinds left out")

    def seal(self):
        import base64

        lines = self.text("seal.txt").split("\n")
        self.same(lines[-1], "", "seal.txt: its end")
        tag = sha(self.members["tagmanifest-sha256.txt"]).hex()
        fields = dict(line.split(" ", 1) for line in lines[4:-1])
        self.same(lines[1], str(len(self.leaves)), "seal: number of records")
        sys.setrecursionlimit(10000)
        self.same(lines[2], base64.b64encode(root_of(self.leaves)).decode(), "seal: root")
        self.same(lines[3], "chatseal/v1", "seal: version")
        self.same(fields["tagmanifest"], "sha256:" + tag, "seal: tagmanifest")
        if fields["ledger"] == "none":
            self.same(lines[0].split("/")[-2:], ["x", tag[:32]], "seal: origin")
        self.same(fields["source"], "sha256:" + sha(self.members["data/source.json"]).hex(), "seal: source")
        for name, digest in self.lists.items():
            self.same(fields[name], "sha256:" + digest if digest else "none", f"seal: {name}")
        files = sum(p.startswith("data/files/") for p in self.paths)
        counts = f"records={len(self.leaves)} files={files} exceptions={len(self.exceptions)}"
        self.same(fields["counts"], counts, "seal: counts")
        self.same(fields["time"][:10], self.date, "seal: date")
        words = "ledger previous tagmanifest window source policy holds counts time signer".split()
        self.same([line.split(" ")[0] for line in lines[4:-1]], words, "seal: lines")
        self.same(self.members["seal.note"].startswith(self.members["seal.txt"] + b"\n\xe2\x80\x94 "), True, "seal.note")


def counted(source, left_out):
    """Records of each kind in a bulk export, but for the lines whose numbers are in `left_out`."""
    raw = open(source, "rb").read()
    names = None
    if raw[:2] == b"PK":
        bundle = zipfile.ZipFile(io.BytesIO(raw))
        names = {name: bundle for name in bundle.namelist()}
        raw = bundle.read("import.jsonl")
    total = {}

    def add(kind, number=1):
        total[kind] = total.get(kind, 0) + number

    def belongings(post):
        add("post")
        add("reaction", len(post.get("reactions") or []))
        add("file", len(post.get("attachments") or []))
        add("saved_post", len(post.get("flagged_by") or []))
        add("thread_membership", len(post.get("thread_followers") or []))

    for number, line in enumerate(raw.split(b"\n"), 1):
        if number in left_out or not line.strip():
            continue
        outer = json.loads(line.decode("utf-8", "surrogatepass"))
        kind = outer["type"]
        body = outer[kind]
        if kind == "version":
            add("server")
        elif kind in ("post", "direct_post"):
            belongings(body)
            for reply in body.get("replies") or []:
                belongings(reply)
        elif kind == "direct_channel":
            add("channel")
            add("channel_member", len(body.get("participants") or body.get("members") or []))
        else:
            add(kind)
        if kind == "user":
            add("team_member", len(body.get("teams") or []))
            add("channel_member", sum(len(team.get("channels") or []) for team in body.get("teams") or []))
        if kind in ("user", "bot") and body.get("profile_image"):
            add("profile_picture")
        if kind == "scheme":
            levels = [f"{place}_{who}" for place in ("team", "channel") for who in ("admin", "user", "guest")]
            levels += [f"{place}_{who}" for place in ("playbook", "run") for who in ("admin", "member")]
            add("role", sum(bool(body.get(f"default_{level}_role")) for level in levels))
    return {kind: number for kind, number in total.items() if number}


def main(path, source=None):
    archive = Archive(path)
    archive.check()
    if source:
        lines = [e["object"] for e in archive.exceptions if e["class"].startswith("line-")]
        found = counted(source, {int(line.rsplit(":", 1)[1]) for line in lines})
        lost = sum(e["records"] for e in archive.exceptions if e["class"].startswith("line-"))
        long = [e["object"].split("/")[0] for e in archive.exceptions if e["class"] == "record-too-long"]
        kinds = archive.said["kinds"]
        for kind in sorted(set(kinds) | set(found)):
            counts = kinds.get(kind, {"records": 0, "out_of_scope": 0})
            kept = counts["records"] + counts["out_of_scope"] + counts.get("withheld", 0) + long.count(kind)
            archive.same(kept, found.get(kind, 0), f"{kind}: decoded rows in the source")
        quarantined = sum(counts["quarantined"] for counts in kinds.values())
        archive.same(quarantined, lost + len(long), "quarantined rows and what the exceptions say")
    for problem in archive.problems:
        print(f"{path}: {problem[:2000]}")
    print(f"checked {path}: {len(archive.leaves)} records")
    return bool(archive.problems)


if __name__ == "__main__":
    # Pairs ARCHIVE=SOURCE, or a single ARCHIVE [SOURCE].
    pairs = [argument.split("=", 1) for argument in sys.argv[1:] if "=" in argument]
    sys.exit(any([main(*pair) for pair in pairs] if pairs else [main(*sys.argv[1:])]))
