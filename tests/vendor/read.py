"""Reads a production of the vendor's forms with Python's own readers and prints what is in it as JSON.

One object for each zip: its members in order, and each member as its reader sees it.
"""

import csv
import email
import email.policy
import hashlib
import html.parser
import io
import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree
import zipfile

csv.field_size_limit(1 << 30)


class Page(html.parser.HTMLParser):
    """The list items and table rows of a mail: class and text of each cell."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.rows, self.cell, self.tags = [], None, []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag in ("li", "tr"):
            self.rows.append([])
        if tag in ("span", "td") and self.rows:
            self.cell = [dict(attrs).get("class"), ""]
            self.rows[-1].append(self.cell)

    def handle_endtag(self, tag):
        if tag in ("span", "td"):
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell[1] += data


def rows_of(page):
    parser = Page()
    parser.feed(page)
    return {
        "messages": [dict(map(tuple, row)) for row in parser.rows if row and row[0][0] == "post_id"],
        "participants": [dict(map(tuple, row)) for row in parser.rows if row and row[0][0] == "userid"],
        "tags": sorted(set(parser.tags)),
    }


def element(node):
    return [node.tag, dict(node.attrib), node.text or "", [element(child) for child in node]]


def mail(data):
    message = email.message_from_bytes(data, policy=email.policy.default)
    defects = [str(defect) for part in message.walk() for defect in part.defects]
    parts = {part.get_content_type(): part.get_content() for part in message.walk() if part.get_content_maintype() == "text"
             and not part.is_attachment()}
    return {
        "headers": [[name, str(value)] for name, value in message.items()],
        "defects": defects,
        "text": parts.get("text/plain"),
        "html": rows_of(parts.get("text/html", "")),
        "files": [
            [part.get_filename(), part.get_content_type(), hashlib.sha256(part.get_payload(decode=True)).hexdigest()]
            for part in message.walk()
            if part.is_attachment()
        ],
        "longest": max(map(len, data.split(b"\r\n"))),
    }


def member(name, data):
    if name == "posts.csv":
        return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
    if name == "metadata.json":
        return json.loads(data)
    if name == "actiance_export.xml":
        return element(ElementTree.fromstring(data))
    if name == "warning.txt":
        return data.decode("utf-8")
    if name.endswith(".eml"):
        return mail(data)
    return hashlib.sha256(data).hexdigest()


def package(path):
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None
        names = opened.namelist()
        dates = sorted({info.date_time for info in opened.infolist()})
        return {"zip": path.name, "names": names, "dates": dates, "members": {name: member(name, opened.read(name)) for name in names}}


print(json.dumps([package(path) for path in sorted(pathlib.Path(sys.argv[1]).glob("*.zip"))]))
