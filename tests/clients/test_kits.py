# SPDX-License-Identifier: Apache-2.0
"""`levitas kit check` and biip, a GS1 parser from PyPI, read the same from published, generated and damaged UDIs."""
import calendar
import datetime
import pathlib
import random
import re
import subprocess

import pytest
from biip import ParseError
from biip.checksums import gs1_standard_check_digit
from biip.gs1_messages import GS1Message

ROOT = pathlib.Path(__file__).parents[2]
LEVITAS = ["cargo", "run", "--quiet", "--release", "-p", "levitas", "--"]
# biip takes the century from the clock.
TODAY = datetime.date.today()
SEPARATOR = "\x1d"
SET_82 = "!\"%&'*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
NAMES = {"product": "01", "lot": "10", "serial": "21", "produced": "11", "expires": "17"}

# GS1 General Specifications 21.0.1, by figure, and the FDA's example.
PUBLISHED = [
    "(01)09501101530003(17)150119(10)AB-123",  # 2.6.14-3
    "(01)04012345678901(21)ABCDEFG123456789",  # 2.6.14-4
    "(01)04012345678901(17)170101(10)ABC123",  # 4.15-1
    "(01)10857674002017(10)1152KMB",  # 4.15.1-1
    "(01)09504000059101(21)12345678p901(10)1234567p(17)141120(8200)http://www.gs1.org/demo/",  # 4.15.1-2
    "(01)09501101530003",  # 5.1-3
    "(01)90614141000015(3202)000150",  # 5.5.2.3.1-1
    "(01)09512345678901(15)170810(21)abcde",  # 5.6.2-1
    "(01)00012345678905(17)040115",  # 5.6.3.1-1
    "(01)03212345678906(21)A1B2C3D4E5F6G7H8",  # 5.11.8-9
    "(01)95012345678903(3102)000400",  # 7.8.5.1-2
    "(01)51022222233336(11)141231(17)150707(10)A213B1(21)1234",  # FDA
]


def levitas(udis):
    """Exit code, what is said of each, standard error."""
    command = [*LEVITAS, "kit", "check", *udis, "--date", TODAY.isoformat(), "--reason", "inspected"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    kits = re.split(r"^\d+\. .*\n", run.stdout, flags=re.M)[1:]
    return run.returncode, [dict(re.findall(r"^   (\w+) +(\S+)$", kit, re.M)) for kit in kits], run.stderr


def of_biip(message):
    """The same in the words of ours."""
    found = dict.fromkeys(NAMES, "unknown")
    for name, identifier in NAMES.items():
        for element in message.element_strings.filter(ai=identifier):
            found[name] = element.date.isoformat() if element.date else element.value
            if identifier == "01":
                assert element.gtin_error is None
    return found


def scanned(elements):
    """As a scanner sends them: a separator after what has no predefined length, but at the end."""
    parts = [ai + value + (SEPARATOR if ai in ("10", "21") else "") for ai, value in elements]
    return "".join(parts).removesuffix(SEPARATOR)


def generated(count):
    draw = random.Random(1)
    kits = []
    for _ in range(count):
        thirteen = "".join(draw.choices("0123456789", k=13))
        month = draw.randint(1, 12)
        year = TODAY.year + draw.randint(-40, 40)
        day = draw.randint(0, calendar.monthrange(year, month)[1])
        text = lambda: "".join(draw.choices(SET_82, k=draw.randint(1, 20)))
        elements = [("17", f"{year % 100:02}{month:02}{day:02}"), ("10", text()), ("21", text())]
        elements = draw.sample(elements, draw.randint(0, 3))
        kits.append([("01", thirteen + str(gs1_standard_check_digit(thirteen))), *elements])
    return kits


def agree(texts, messages):
    code, kits, errors = levitas(texts)
    assert code == 0 and errors == "" and len(kits) == len(texts)
    for text, kit, message in zip(texts, kits, messages):
        assert kit == of_biip(message), text


def test_the_published_examples_are_read_as_biip_reads_them():
    agree(PUBLISHED, [GS1Message.parse_hri(text) for text in PUBLISHED])
    texts = [GS1Message.parse_hri(text).value for text in PUBLISHED]
    agree(texts, [GS1Message.parse(text) for text in texts])


def test_generated_kits_are_read_as_biip_reads_them():
    kits = generated(160)
    # The list of a session holds 16.
    for first in range(0, len(kits), 16):
        texts = [scanned(kit) for kit in kits[first:first + 16]]
        agree(texts, [GS1Message.parse(text) for text in texts])
        texts = ["".join(f"({ai}){value}" for ai, value in kit) for kit in kits[first:first + 16]]
        agree(texts, [GS1Message.parse_hri(text) for text in texts])


@pytest.mark.parametrize("text", [
    "(01)09501101530002",  # check digit
    "(01)0950110153000",  # too short
    "(01)095011015300031",  # too long
    "(01)0950110153000X",  # no digit
    "(01)09501101530003(17)271319",  # month
    "(01)09501101530003(17)270230",  # day
    "(01)09501101530003(17)27111",  # date too short
    "(01)09501101530003(21)123456789012345678901",  # serial number too long
    "(01)09501101530003(10)AB#123",  # character
    "(01)09501101530003(10)",  # nothing
    "09501101530003",  # no identifier
])
def test_what_biip_refuses_is_refused_with_one_line(text):
    parse = GS1Message.parse_hri if text.startswith("(") else GS1Message.parse
    try:
        message = parse(text)
        refused = message.element_strings.get(ai="01").gtin_error is not None
        # A printed element without a value is left out by biip, as if it had not been there.
        refused |= message.as_hri() != text
    except (ParseError, AttributeError):
        refused = True
    assert refused
    code, kits, errors = levitas([text])
    assert code == 2 and kits == [] and errors.count("\n") == 1 and "allowed is" in errors
