//! The page: the files of `client/page/dist`, served as they are, and what differs by newsroom.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends, helpers included"
)]
#![allow(dead_code, reason = "other tests use the rest of the modules")]

#[path = "pages/dist.rs"]
mod dist;
#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use knothole_envelope::unframe;
use knothole_intake::{Intake, LeaveTo, NewsroomName, NewsroomWords, UnixSeconds};
use newsroom::{House, settings};
use sha2::{Digest as _, Sha256};
use wire::{Answer, Wire};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

async fn ask(house: &House, line: &str) -> Answer {
    Wire::public(&house.intake).ask(line, &[], b"").await
}

/// The path at which a file is served.
fn path(name: &str) -> String {
    let bare = name.strip_suffix(".html").unwrap_or(name);
    match bare.rsplit_once('/') {
        _ if bare == "index" => "/".to_owned(),
        Some((folder, "index")) => format!("/{folder}/"),
        _ => format!("/{bare}"),
    }
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    }
}

fn html() -> Vec<(String, String)> {
    let files = dist::files().into_iter();
    let pages = files.filter(|(name, _)| name.ends_with(".html") && name != "saved.html");
    pages
        .map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap()))
        .collect()
}

#[tokio::test]
async fn every_file_of_the_page_is_served_byte_for_byte_under_one_policy() {
    let house = House::new().await;
    for (name, bytes) in dist::files() {
        let path = path(&name);
        let page = ask(&house, &format!("GET {path}")).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body == bytes, "{path} has other bytes than {name}");
        let length = bytes.len().to_string();
        let saved = (name == "saved.html").then_some("attachment; filename=\"saved.html\"");
        let mut wanted = vec![
            ("cache-control", "no-store"),
            ("content-length", length.as_str()),
            ("content-security-policy", POLICY),
            ("content-type", kind(&name)),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ];
        wanted.extend(saved.map(|saved| ("content-disposition", saved)));
        wanted.sort_unstable();
        let mut headers = page.headers.clone();
        headers.sort();
        let headers: Vec<_> = headers
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        assert_eq!(headers, wanted, "{path}");

        let head = ask(&house, &format!("HEAD {path}")).await;
        assert_eq!((head.status, head.headers), (200, page.headers), "{path}");
        for method in ["PUT", "DELETE", "OPTIONS", "PATCH"] {
            let refused = ask(&house, &format!("{method} {path}")).await;
            let takes = if path.ends_with('/') {
                "GET, HEAD, POST"
            } else {
                "GET, HEAD"
            };
            assert_eq!(refused.status, 405, "{method} {path}");
            assert_eq!(refused.header("allow"), Some(takes), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn nothing_but_the_files_of_the_page_is_served_and_each_at_one_address() {
    let house = House::new().await;
    let nothing = ask(&house, "GET /nowhere").await;
    assert_eq!(nothing.status, 404);
    let mut paths: BTreeSet<String> = [
        "//",
        "/.",
        "/..",
        "/../build.mjs",
        "/build.mjs",
        "/%61rrived",
        "/arrived/",
        "/Arrived",
        "/index",
        "/page.js.map",
        "/.hidden",
        "/src/texts/en.ts",
        "/words",
        "/words/",
        "/style",
        "/hashes/",
        "/robots.txt",
        "/favicon.ico",
        "/dist/index.html",
        "/leave/",
        "/newsroom/",
        "/newsroom.txt/",
        "/en/",
        "/xx",
        "/xx/",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    for (name, _) in dist::files()
        .iter()
        .filter(|(name, _)| name.ends_with(".html"))
    {
        paths.insert(format!("/{name}"));
        if let Some(folder) = name
            .strip_suffix(".html")
            .filter(|bare| bare.ends_with("index"))
        {
            paths.insert(format!("/{folder}"));
        }
    }
    for path in paths {
        let found = ask(&house, &format!("GET {path}")).await;
        assert_eq!(found, nothing, "{path}");
    }
}

#[tokio::test]
async fn a_language_without_its_stroke_is_sent_on() {
    let house = House::new().await;
    for home in dist::homes().iter().filter(|home| *home != "/") {
        for method in ["GET", "HEAD"] {
            let sent = ask(&house, &format!("{method} {}", home.trim_end_matches('/'))).await;
            assert_eq!(sent.status, 303, "{home}");
            assert_eq!(sent.header("location"), Some(home.as_str()));
        }
    }
}

#[test]
fn no_page_has_code_style_or_an_address_from_elsewhere_inside() {
    for (name, html) in html() {
        for tag in dist::tags(&html) {
            let inner = [
                "style", "iframe", "object", "embed", "base", "svg", "math", "template",
            ];
            assert!(
                !inner.contains(&tag.name.as_str()),
                "{name} has <{}>",
                tag.name
            );
            assert_eq!(tag.attribute("http-equiv"), None, "{name}");
            if tag.name == "script" {
                assert!(tag.attribute("src").is_some(), "{name} has a script inside");
                assert_eq!(tag.text, "", "{name} has a script inside");
            }
            for (key, value) in &tag.attributes {
                assert!(!key.starts_with("on") && key != "style", "{name}: {key}");
                let address = [
                    "href",
                    "src",
                    "action",
                    "formaction",
                    "srcset",
                    "poster",
                    "data",
                ];
                if address.contains(&key.as_str()) {
                    let within = value.starts_with('#')
                        || (value.starts_with('/') && !value.starts_with("//"));
                    assert!(within, "{name}: {key}={value}");
                }
            }
        }
    }
    for (name, bytes) in dist::files()
        .iter()
        .filter(|(name, _)| name.ends_with(".css"))
    {
        let text = core::str::from_utf8(bytes).unwrap();
        for outside in ["url(", "@import", "@font-face", "//"] {
            assert!(!text.contains(outside), "{name} has {outside}");
        }
    }
}

#[test]
fn a_page_with_code_style_or_an_address_from_elsewhere_would_be_noticed() {
    let tags = dist::tags("<a href=\"//x\" ONCLICK=\"f()\" required><script>f()</script>");
    assert_eq!(tags[0].attribute("href"), Some("//x"));
    assert_eq!(tags[0].attribute("onclick"), Some("f()"));
    assert_eq!(tags[0].attribute("required"), Some(""));
    assert_eq!(
        (tags[1].name.as_str(), tags[1].text.as_str()),
        ("script", "f()")
    );
}

#[test]
fn every_language_has_the_same_pages_and_those_of_one_sort_are_equally_long() {
    let pages = html();
    let of = |home: &str| -> BTreeSet<(String, usize)> {
        let within = pages.iter().filter_map(|(name, html)| {
            let rest = format!("/{name}").strip_prefix(home)?.to_owned();
            (!rest.contains('/')).then_some((rest, html.len()))
        });
        within.collect()
    };
    let english = of("/");
    let names: Vec<_> = english.iter().map(|(name, _)| name.as_str()).collect();
    let wanted = [
        "arrived.html",
        "closed.html",
        "damaged.html",
        "full.html",
        "index.html",
        "may-have-arrived.html",
        "nothing.html",
        "other-keys.html",
        "try-again.html",
        "unsealed.html",
    ];
    assert_eq!(names, wanted);
    for home in dist::homes() {
        assert_eq!(of(&home), english, "{home}");
    }
}

#[test]
fn the_list_of_hashes_names_exactly_the_files_with_what_they_hash_to() {
    let files = dist::files();
    let mut wanted = String::new();
    for (name, bytes) in files.iter().filter(|(name, _)| name != "hashes") {
        let hash = HEXLOWER.encode(&Sha256::digest(bytes));
        wanted.push_str(&format!("{hash}  {name}\n"));
    }
    let (_, hashes) = files.iter().find(|(name, _)| name == "hashes").unwrap();
    assert_eq!(core::str::from_utf8(hashes).unwrap(), wanted);
}

/// A newsroom of which something is said.
async fn named() -> House {
    let mut settings = settings();
    settings.masthead.name = NewsroomName::new("The <b>Example</b>").unwrap();
    settings.masthead.words = NewsroomWords::new("Write to us.\nعرّفنا").unwrap();
    settings.masthead.leave_to = LeaveTo::new("https://example.org/weather?today").unwrap();
    House::with(settings).await
}

#[tokio::test]
async fn a_script_learns_what_differs_by_newsroom_in_a_frame() {
    let house = named().await;
    let answer = ask(&house, "GET /newsroom").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("application/octet-stream")
    );
    let content = unframe(&answer.body).unwrap();
    let mut map = minicbor::Decoder::new(content);
    assert_eq!(map.map().unwrap(), Some(4));
    assert_eq!((map.u8().unwrap(), map.u8().unwrap()), (1, 1));
    for (field, text) in [
        (2, "The <b>Example</b>"),
        (3, "Write to us.\nعرّفنا"),
        (4, "https://example.org/weather?today"),
    ] {
        assert_eq!((map.u8().unwrap(), map.str().unwrap()), (field, text));
    }
    assert_eq!(map.position(), content.len());
}

#[tokio::test]
async fn people_without_scripts_read_name_words_fingerprint_and_the_last_day_as_plain_text() {
    let house = named().await;
    let answer = ask(&house, "GET /newsroom.txt").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let text = answer.text();
    assert!(
        text.starts_with("The <b>Example</b>\n\nWrite to us.\nعرّفنا\n\n"),
        "{text}"
    );
    assert!(text.contains(&format!("\n\n{}\n\n", house.fingerprint().grouped())));
    // Day 20,000 and the six after it.
    assert!(text.ends_with("until the end of 2024-10-10."), "{text}");
}

#[tokio::test]
async fn before_the_newsroom_has_set_up_the_drop_box_its_text_says_so_and_the_page_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let now = UnixSeconds::new(newsroom::DAY);
    let intake = Intake::open(folder.path(), settings(), now).unwrap();
    let mut wire = Wire::public(&intake);
    let text = wire.ask("GET /newsroom.txt", &[], b"").await;
    assert!(
        text.text()
            .starts_with("The newsroom has not set up this drop-box yet")
    );
    for path in ["/charter", "/sheet"] {
        assert_eq!(wire.ask(&format!("GET {path}"), &[], b"").await.status, 404);
    }
    assert_eq!(wire.ask("GET /newsroom", &[], b"").await.status, 200);
    let house = named().await;
    assert_eq!(
        wire.ask("GET /", &[], b"").await,
        ask(&house, "GET /").await
    );
    let set_up = ask(&house, "GET /newsroom.txt").await;
    assert_eq!(set_up.body.len(), text.body.len());
}

#[tokio::test]
async fn to_leave_is_to_be_sent_to_the_operators_address_without_a_referrer() {
    let house = named().await;
    let answer = ask(&house, "GET /leave").await;
    assert_eq!(answer.status, 303);
    assert_eq!(
        answer.header("location"),
        Some("https://example.org/weather?today")
    );
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    let harmless = ask(&House::new().await, "GET /leave").await;
    assert_eq!(
        harmless.header("location"),
        Some("https://www.wikipedia.org/")
    );
    for path in ["/leave", "/newsroom.txt"] {
        let refused = ask(&house, &format!("POST {path}")).await;
        assert_eq!(
            (refused.status, refused.header("allow")),
            (405, Some("GET, HEAD"))
        );
    }
}
