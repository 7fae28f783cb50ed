use http::header::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;

const MOST: u64 = 1 << 41;

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(
            name.parse::<HeaderName>().unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    map
}

fn post(pairs: &[(&str, &str)]) -> Result<Command, Refusal> {
    let mut map = headers(pairs);
    map.insert("tus-resumable", HeaderValue::from_static("1.0.0"));
    parse(&Method::POST, &map, Target::Uploads, MOST)
}

fn patch(pairs: &[(&str, &str)]) -> Result<Command, Refusal> {
    let mut map = headers(pairs);
    map.insert("tus-resumable", HeaderValue::from_static("1.0.0"));
    parse(&Method::PATCH, &map, Target::Upload, MOST)
}

const BODY: (&str, &str) = ("content-type", "application/offset+octet-stream");

#[test]
fn a_request_of_another_version_is_refused() {
    let refuse = |pairs: &[(&str, &str)]| {
        parse(&Method::POST, &headers(pairs), Target::Uploads, MOST).unwrap_err()
    };
    assert_eq!(refuse(&[("upload-length", "5")]), Refusal::Version);
    assert_eq!(refuse(&[("tus-resumable", "0.2.2")]), Refusal::Version);
    let options = parse(&Method::OPTIONS, &HeaderMap::new(), Target::Uploads, MOST);
    assert_eq!(options, Ok(Command::Options));
}

#[test]
fn a_length_is_one_plain_number_within_the_bound() {
    for bad in [
        "",
        "-1",
        "+1",
        "1.0",
        "0x10",
        "1 ",
        "99999999999999999999",
        "a",
    ] {
        let spaced = format!("{bad}x").trim_end_matches('x').to_owned();
        if bad.trim() == "1" {
            continue;
        }
        assert_eq!(
            post(&[("upload-length", &spaced)]),
            Err(Refusal::Length),
            "{bad:?}"
        );
    }
    assert_eq!(post(&[]), Err(Refusal::Length));
    assert_eq!(
        post(&[("upload-length", "1"), ("upload-length", "2")]),
        Err(Refusal::Length)
    );
    assert_eq!(
        post(&[("upload-defer-length", "1")]),
        Err(Refusal::DeferredLength)
    );
    assert!(post(&[("upload-length", &MOST.to_string())]).is_ok());
    assert_eq!(
        post(&[("upload-length", &(MOST + 1).to_string())]),
        Err(Refusal::TooLong)
    );
}

#[test]
fn a_creation_with_a_body_says_so_by_its_type() {
    let Ok(Command::Create(create)) =
        post(&[("upload-length", "9"), BODY, ("content-length", "4")])
    else {
        panic!("refused");
    };
    assert_eq!(
        create.first,
        Some(Patch {
            offset: 0,
            declared: Some(4),
            checksum: None
        })
    );
    let refused = post(&[("upload-length", "3"), BODY, ("content-length", "4")]);
    assert_eq!(refused, Err(Refusal::BeyondEnd));
    let refused = post(&[("upload-length", "3"), ("content-type", "text/plain")]);
    assert_eq!(refused, Err(Refusal::ContentType));
}

#[test]
fn lanes_are_named_by_secrets_and_each_once() {
    let secret = "ab".repeat(32);
    let other = "cd".repeat(32);
    let lanes = |value: String| post(&[("upload-concat", &value)]);
    assert!(lanes(format!("final;/drops/{secret} /drops/{other}")).is_ok());
    assert!(lanes(format!("final;http://x.onion/drops/{secret}")).is_ok());
    assert_eq!(
        lanes(format!("final;/drops/{secret} /drops/{secret}")),
        Err(Refusal::Lanes)
    );
    assert_eq!(lanes("final;".to_owned()), Err(Refusal::Lanes));
    assert_eq!(lanes("final;/drops/../x".to_owned()), Err(Refusal::Lanes));
    assert_eq!(lanes("final;/etc/passwd".to_owned()), Err(Refusal::Lanes));
    assert_eq!(lanes("other".to_owned()), Err(Refusal::Concat));
    let many = |count: usize| {
        let urls: Vec<_> = (0..count)
            .map(|lane| format!("/drops/{lane:064x}"))
            .collect();
        lanes(format!("final;{}", urls.join(" ")))
    };
    assert!(many(MOST_LANES).is_ok());
    assert_eq!(many(MOST_LANES + 1), Err(Refusal::Lanes));
}

#[test]
fn a_parent_is_named_only_by_a_lane() {
    let secret = "ab".repeat(32);
    let length = ("upload-length", "5");
    let parent = ("knothole-parent", secret.as_str());
    assert!(post(&[length, parent, ("upload-concat", "partial")]).is_ok());
    assert_eq!(post(&[length, parent]), Err(Refusal::Untied));
    let bad = ("knothole-parent", "../../etc");
    assert_eq!(
        post(&[length, bad, ("upload-concat", "partial")]),
        Err(Refusal::Untied)
    );
}

#[test]
fn a_secret_is_exactly_64_lower_case_digits() {
    let good = "0123456789abcdef".repeat(4);
    assert!(UploadSecret::parse(&good).is_some());
    for bad in [
        good.to_uppercase(),
        good.chars().skip(1).collect(),
        format!("{good}0"),
        "..".repeat(32),
    ] {
        assert!(UploadSecret::parse(&bad).is_none());
    }
    assert_eq!(
        UploadSecret::parse(&good).unwrap().path(),
        format!("/drops/{good}")
    );
    assert_eq!(
        format!("{:?}", UploadSecret::parse(&good)),
        "Some(UploadSecret(..))"
    );
}

#[test]
fn a_checksum_is_of_a_known_kind_and_one_of_another_length_matches_nothing() {
    let with = |value: &str| patch(&[("upload-offset", "0"), BODY, ("upload-checksum", value)]);
    assert!(with("sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=").is_ok());
    assert!(with("sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=").is_ok());
    for bad in ["sha1", "sha1 ", "md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1 !!!!"] {
        assert_eq!(with(bad), Err(Refusal::Checksum), "{bad:?}");
    }
    assert_eq!(with("sha1 AAAA"), Err(Refusal::ChecksumDiffers));
}

#[test]
fn a_method_may_be_named_by_a_header() {
    let map = headers(&[
        ("tus-resumable", "1.0.0"),
        ("x-http-method-override", "PATCH"),
        ("upload-offset", "0"),
        BODY,
    ]);
    let command = parse(&Method::POST, &map, Target::Upload, MOST);
    assert!(matches!(command, Ok(Command::Patch(_))));
}

#[test]
fn a_drop_that_has_arrived_cannot_be_taken_back() {
    let view = View {
        length: 5,
        offset: 5,
        phase: Phase::Done,
    };
    assert_eq!(view.delete(), Err(Refusal::Finished));
    let again = Patch {
        offset: 5,
        declared: Some(0),
        checksum: None,
    };
    assert_eq!(view.patch(&again), Ok(Step::Complete));
    let late = Patch {
        offset: 0,
        declared: Some(5),
        checksum: None,
    };
    assert_eq!(view.patch(&late), Err(Refusal::OffsetDiffers));
}

/// One request against the model: where it wants to write, how much it says, and how much of it
/// arrives before the line is cut.
fn requests() -> impl Strategy<Value = Vec<(u64, Option<u64>, u64)>> {
    proptest::collection::vec(
        (0..40_u64, proptest::option::of(0..40_u64), 0..40_u64),
        0..40,
    )
}

proptest! {
    #[test]
    fn whatever_is_sent_the_offset_grows_by_what_arrived_and_never_past_the_end(
        length in 0..64_u64,
        requests in requests(),
    ) {
        let mut view = View { length, offset: 0, phase: Phase::Open };
        for (offset, declared, arrives) in requests {
            let patch = Patch { offset, declared, checksum: None };
            let before = view.offset;
            match view.patch(&patch) {
                Ok(Step::Append { room }) => {
                    prop_assert_eq!(offset, before);
                    prop_assert!(declared.unwrap_or(0) <= room);
                    let arrived = arrives.min(room).min(declared.unwrap_or(u64::MAX));
                    view.offset = before.saturating_add(arrived);
                }
                Ok(Step::Complete) => prop_assert_eq!(before, length),
                Err(Refusal::OffsetDiffers) => prop_assert_ne!(offset, before),
                Err(Refusal::BeyondEnd) => prop_assert!(before.saturating_add(declared.unwrap()) > length),
                Err(other) => prop_assert!(false, "{other:?}"),
            }
            prop_assert!(view.offset >= before && view.offset <= length);
        }
    }

    #[test]
    fn no_header_makes_the_parser_panic(
        names in proptest::collection::vec(
            prop_oneof![
                Just("upload-length"), Just("upload-offset"), Just("upload-concat"),
                Just("upload-checksum"), Just("knothole-parent"), Just("content-type"),
                Just("content-length"), Just("x-http-method-override"), Just("tus-resumable"),
            ], 0..9),
        values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..90), 9),
    ) {
        let mut map = HeaderMap::new();
        map.insert("tus-resumable", HeaderValue::from_static("1.0.0"));
        for (name, value) in names.iter().zip(values) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                map.append(*name, value);
            }
        }
        for method in [Method::POST, Method::PATCH] {
            for target in [Target::Uploads, Target::Upload] {
                drop(parse(&method, &map, target, MOST));
            }
        }
    }
}
