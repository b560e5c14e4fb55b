"""Holds JUnit XML from stdin against the schema of Jenkins' xUnit plugin and prints what is wrong with it as JSON."""

import json
import pathlib
import sys

from lxml import etree

schema = etree.XMLSchema(file=str(pathlib.Path(sys.prefix) / "junit-10.xsd"))
try:
    document = etree.fromstring(sys.stdin.buffer.read())
except etree.XMLSyntaxError as error:
    json.dump({"errors": [str(error)], "cases": 0}, sys.stdout)
else:
    schema.validate(document)
    errors = [f"line {error.line}: {error.message}" for error in schema.error_log]
    json.dump({"errors": errors, "cases": len(document.findall(".//testcase"))}, sys.stdout)
