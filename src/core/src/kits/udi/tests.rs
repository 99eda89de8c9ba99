// SPDX-License-Identifier: Apache-2.0
//! Examples of the General Specifications and of the FDA, strings that are wrong in one way each, and properties.

use std::format;
use std::string::{String, ToString as _};
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn today() -> Date {
    day("2026-11-27")
}

/// Product, lot, serial number, expiration date.
type Said = (&'static str, Option<&'static str>, Option<&'static str>, Option<&'static str>);

/// Figures of the GS1 General Specifications 21.0.1, one of 23, and the example of the FDA (UDI formats by FDA-accredited issuing agency, 1.3, 2017).
const PUBLISHED: [(&str, &str, Said); 14] = [
    (
        "2.6.14-3",
        "(01)09501101530003(17)150119(10)AB-123",
        ("09501101530003", Some("AB-123"), None, Some("2015-01-19")),
    ),
    (
        "2.6.14-4",
        "(01)04012345678901(21)ABCDEFG123456789",
        ("04012345678901", None, Some("ABCDEFG123456789"), None),
    ),
    (
        "4.15-1",
        "(01)04012345678901(17)170101(10)ABC123",
        ("04012345678901", Some("ABC123"), None, Some("2017-01-01")),
    ),
    ("4.15.1-1", "(01)10857674002017(10)1152KMB", ("10857674002017", Some("1152KMB"), None, None)),
    (
        "4.15.1-2",
        "(01)09504000059101(21)12345678p901(10)1234567p(17)141120(8200)http://www.gs1.org/demo/",
        ("09504000059101", Some("1234567p"), Some("12345678p901"), Some("2014-11-20")),
    ),
    (
        "23: 4.15.1-1",
        "(01)09524000059109(21)12345678p901(10)1234567p(17)271120",
        ("09524000059109", Some("1234567p"), Some("12345678p901"), Some("2027-11-20")),
    ),
    ("5.1-3", "(01)09501101530003", ("09501101530003", None, None, None)),
    ("5.5.2.3.1-1", "(01)90614141000015(3202)000150", ("90614141000015", None, None, None)),
    ("5.6.2-1", "(01)09512345678901(15)170810(21)abcde", ("09512345678901", None, Some("abcde"), None)),
    ("5.6.3.1-1", "(01)00012345678905(17)040115", ("00012345678905", None, None, Some("2004-01-15"))),
    (
        "5.6.3.2-3",
        "(01)00012345678905(17)180401(21)ABCDEFGHIJKL12345678(91)ABCDEFGHI123456789(92)abcdefghi",
        ("00012345678905", None, Some("ABCDEFGHIJKL12345678"), Some("2018-04-01")),
    ),
    (
        "5.11.8-9",
        "(01)03212345678906(21)A1B2C3D4E5F6G7H8",
        ("03212345678906", None, Some("A1B2C3D4E5F6G7H8"), None),
    ),
    ("7.8.5.1-2", "(01)95012345678903(3102)000400", ("95012345678903", None, None, None)),
    (
        "FDA",
        "(01)51022222233336(11)141231(17)150707(10)A213B1(21)1234",
        ("51022222233336", Some("A213B1"), Some("1234"), Some("2015-07-07")),
    ),
];

/// What a scanner sends for the printed form: a separator after each element without a predefined length but the last.
fn scanned(printed: &str) -> String {
    let elements: Vec<(&str, &str)> =
        printed.split('(').skip(1).map(|element| element.split_once(')').unwrap()).collect();
    let mut text = String::from("]d2");
    for (number, (identifier, value)) in elements.iter().enumerate() {
        text += identifier;
        text += value;
        let long = predefined(identifier.as_bytes()[0], identifier.as_bytes()[1]).is_none();
        if long && number + 1 < elements.len() {
            text.push(SEPARATORS[0]);
        }
    }
    text
}

#[test]
fn the_published_examples_are_read_in_both_forms() {
    for (figure, printed, (gtin, lot, serial, expires)) in PUBLISHED {
        for text in [printed.to_string(), scanned(printed), scanned(printed).split_off(3)] {
            let udi = Udi::parse(&text, today()).unwrap_or_else(|error| panic!("{figure}: {error}"));
            assert_eq!((udi.gtin, udi.lot, udi.serial), (gtin, lot, serial), "{figure}");
            assert_eq!(udi.expires, expires.map(day), "{figure}");
        }
    }
    let fda = Udi::parse(PUBLISHED[13].1, today()).unwrap();
    assert_eq!(fda.produced, Some(day("2014-12-31")));
}

/// The check digits that GS1 calculates on its pages as examples.
#[test]
fn check_digits_are_those_of_the_published_examples() {
    for thirteen in ["0629104150021", "0950110153000", "1540014128876", "0950110153001"] {
        let right: Vec<char> = ('0'..='9')
            .filter(|digit| Udi::parse(&format!("(01){thirteen}{digit}"), today()).is_ok())
            .collect();
        assert_eq!(right.len(), 1, "{thirteen}");
    }
    // 6291041500213, gs1.org/services/check-digit-calculator.
    assert!(Udi::parse("(01)06291041500213", today()).is_ok());
}

/// One mistake each, and the whole line that names it.
const MALFORMED: [(&str, &str); 26] = [
    ("", "empty; allowed is a GS1 element string like (01)09501101530003(17)271119(10)AB-123"),
    ("+A999BJ5D6E71G", "character 1: no GS1 identifier; allowed is one of 2 to 4 digits"),
    ("]E009501101530003", "character 1: unknown symbology identifier; allowed is ]C1, ]d2, ]e0, ]J1 or ]Q3"),
    ("09501101530003", "no product; allowed is a string with (01) and its 14 digits"),
    ("(17)271119(10)AB-123", "no product; allowed is a string with (01) and its 14 digits"),
    ("(01)0950110153000", "character 5: (01) has 13 characters; allowed is 14"),
    ("(01)095011015300031", "character 5: (01) has 15 characters; allowed is 14"),
    ("010950110153000", "character 3: (01) has 13 characters; allowed is 14"),
    ("(01)0950110153000X", "character 18: X in (01); allowed is 0 to 9"),
    ("(01)09501101530002", "character 18: check digit 2 of (01); allowed is 3, or another digit is wrong"),
    ("(01)09501101350003", "character 18: check digit 3 of (01); allowed is 7, or another digit is wrong"),
    ("(01)09501101530003(17)27111", "character 23: (17) has 5 characters; allowed is 6"),
    ("(01)09501101530003(17)27-111", "character 25: - in (17); allowed is 0 to 9"),
    ("(01)09501101530003(17)271319", "character 25: month 13 in (17); allowed is 01 to 12"),
    ("(01)09501101530003(17)270019", "character 25: month 00 in (17); allowed is 01 to 12"),
    ("(01)09501101530003(17)270230", "character 27: day 30 in (17); allowed is 00 to 28"),
    ("(01)09501101530003(11)260631", "character 27: day 31 in (11); allowed is 00 to 30"),
    ("(01)09501101530003(10)", "character 23: (10) has 0 characters; allowed is 1 to 20"),
    (
        "(01)09501101530003(21)123456789012345678901",
        "character 23: (21) has 21 characters; allowed is 1 to 20",
    ),
    (
        "(01)09501101530003(10)AB 123",
        "character 25: code 32 is in no GS1 element; allowed is A to Z, a to z, 0 to 9 and ! \" % & ' ( ) * + , - . / : ; < = > ? _",
    ),
    (
        "(01)09501101530003(10)AB#123",
        "character 25: # is in no GS1 element; allowed is A to Z, a to z, 0 to 9 and ! \" % & ' ( ) * + , - . / : ; < = > ? _",
    ),
    (
        "(01)09501101530003(10)Größe",
        "character 25: code 246 is in no GS1 element; allowed is A to Z, a to z, 0 to 9 and ! \" % & ' ( ) * + , - . / : ; < = > ? _",
    ),
    (
        "(01)09501101530003(10)AB-123(10)AB-124",
        "character 33: (10) comes again with another value; allowed is one",
    ),
    (
        "(01)09501101530003(1)271119",
        "character 19: no GS1 identifier; allowed is one of 2 to 4 digits in parentheses, as at the beginning",
    ),
    (
        "(01)09501101530003(17271119",
        "character 19: no GS1 identifier; allowed is one of 2 to 4 digits in parentheses, as at the beginning",
    ),
    (
        "010950110153000310AB-123\u{1d}\u{1d}17271119",
        "character 26: no GS1 identifier; allowed is one of 2 to 4 digits",
    ),
];

#[test]
fn every_malformed_string_gets_the_line_that_names_its_mistake() {
    for (text, line) in MALFORMED {
        let error = Udi::parse(text, today()).expect_err(text);
        assert_eq!(error.to_string(), line, "{text}");
    }
}

#[test]
fn what_is_unusual_but_allowed_is_read() {
    // A separator behind an element with a predefined length, and one at the end (7.8.6).
    let udi = Udi::parse("0109501101530003\u{1d}10AB-123\u{1d}", today()).unwrap();
    assert_eq!((udi.gtin, udi.lot), ("09501101530003", Some("AB-123")));
    // The product comes last; the lot comes twice, the same.
    let visible = Udi::parse("]d2010950110153000310AB-123^2117", today()).unwrap();
    assert_eq!((visible.lot, visible.serial), (Some("AB-123"), Some("17")));
    for (text, lacks) in [
        ("]d2010950110153000310AB-1232117", true),
        ("]d2010950110153000310AB-123^", false),
        ("0109501101530003", false),
        ("(01)09501101530003(10)AB-123(21)17", false),
    ] {
        assert_eq!(lacks_separators(text, &Udi::parse(text, today()).unwrap()), lacks, "{text}");
    }
    let udi = Udi::parse("10AB-123\u{1d}10AB-123\u{1d}0109501101530003", today()).unwrap();
    assert_eq!((udi.gtin, udi.lot), ("09501101530003", Some("AB-123")));
    // Parentheses are characters of the set: a scanner reads them, in print they would be an identifier.
    let udi = Udi::parse("010950110153000310A(17)B", today()).unwrap();
    assert_eq!(udi.lot, Some("A(17)B"));
}

#[test]
fn day_zero_is_the_last_of_the_month_and_the_century_the_nearest() {
    let expires = |date: &str, today: &str| {
        let text = format!("(01)09501101530003(17){date}");
        Udi::parse(&text, day(today)).unwrap().expires.unwrap().to_string()
    };
    for (date, today, wanted) in [
        ("270200", "2026-11-27", "2027-02-28"),
        ("280200", "2026-11-27", "2028-02-29"),
        ("271100", "2026-11-27", "2027-11-30"),
        ("760101", "2026-11-27", "2076-01-01"),
        ("770101", "2026-11-27", "1977-01-01"),
        ("500101", "2099-11-27", "2050-01-01"),
        ("490101", "2099-11-27", "2149-01-01"),
        ("000229", "2000-01-01", "2000-02-29"),
    ] {
        assert_eq!(expires(date, today), wanted, "{date} on {today}");
    }
}

fn check_digit(thirteen: &str) -> char {
    ('0'..='9').find(|digit| Udi::parse(&format!("(01){thirteen}{digit}"), today()).is_ok()).unwrap()
}

proptest! {
    #[test]
    fn what_is_written_is_read_in_both_forms(
        thirteen in "[0-9]{13}", lot in "[!\"%&'*+,./0-9:;<=>?A-Z_a-z-]{1,20}", serial in "[A-Za-z0-9]{1,20}",
        month in 1_u8..=12, days in 0_u8..=28,
    ) {
        let gtin = format!("{thirteen}{}", check_digit(&thirteen));
        let printed = format!("(01){gtin}(17)27{month:02}{days:02}(10){lot}(21){serial}");
        for text in [printed.clone(), scanned(&printed)] {
            let udi = Udi::parse(&text, today()).unwrap();
            prop_assert_eq!((udi.gtin, udi.lot, udi.serial), (&*gtin, Some(&*lot), Some(&*serial)));
            let last = if days == 0 { days_in(2027, month) } else { days };
            prop_assert_eq!(udi.expires, Date::new(2027, month, last));
        }
    }

    /// Mod 10 finds every wrong digit.
    #[test]
    fn no_digit_of_the_product_can_be_wrong(thirteen in "[0-9]{13}", at in 0_usize..14, more in 1_u8..10) {
        let mut gtin = format!("{thirteen}{}", check_digit(&thirteen)).into_bytes();
        gtin[at] = b'0' + (gtin[at] - b'0' + more) % 10;
        let text = format!("(01){}", String::from_utf8(gtin).unwrap());
        let refused = matches!(Udi::parse(&text, today()), Err(UdiError::CheckDigit { at: 18, .. }));
        prop_assert!(refused);
    }

    /// Whatever comes in, an answer comes out, and a refusal is one line that points into the string.
    #[test]
    fn every_string_has_an_answer(text in "(\\]d2)?[(]?(01|10|17|21|31|00)?\\PC{0,40}[()\\x1d0-9A-Z]{0,40}") {
        if let Err(error) = Udi::parse(&text, today()) {
            let line = error.to_string();
            prop_assert!(!line.contains(char::is_control) && (line.contains("allowed is")), "{}", line);
            if let Some(rest) = line.strip_prefix("character ") {
                let at: usize = rest.split_once(':').unwrap().0.parse().unwrap();
                prop_assert!((1..=text.len() + 1).contains(&at), "{}", line);
            }
        }
    }
}
