//! Whatever a source wrote, what is shown acts on no terminal and on no eye, and no two names look
//! alike that are not.

use knothole_open::escape;

pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let name = escape::name(&text);
    assert!(!name.chars().any(acts));
    assert_eq!(unescaped(&name), text);
    let message = escape::message(&text);
    assert!(
        !message
            .chars()
            .any(|letter| acts(letter) && !matches!(letter, '\n' | '\t' | '\u{200c}' | '\u{200d}'))
    );
    for line in message.lines() {
        let rows = escape::rows(line, 72);
        assert_eq!(rows.concat(), line);
    }
}

fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{61c}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// What was escaped: proof that nothing else looks the same.
fn unescaped(shown: &str) -> String {
    let mut text = String::new();
    let mut rest = shown;
    while let Some((plain, after)) = rest.split_once('\\') {
        text.push_str(plain);
        if let Some(after) = after.strip_prefix('\\') {
            text.push('\\');
            rest = after;
        } else {
            let (number, after) = after.strip_prefix("u{").unwrap().split_once('}').unwrap();
            let number = u32::from_str_radix(number, 16).unwrap();
            text.push(char::from_u32(number).unwrap());
            rest = after;
        }
    }
    text + rest
}

pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    [
        ("plain", "IMG_0412.MOV"),
        (
            "turned",
            "cod\u{202e}gpj.exe\u{2066}x\u{2069}\u{200f}\u{61c}",
        ),
        ("terminal", "\u{1b}]0;t\u{7}\u{9b}31m\\u{202e}\r\n\tx"),
        (
            "scripts",
            "क्षेत्र می\u{200c}روم 录像\u{3000}e\u{301}\u{fe0f}\u{e0041}",
        ),
    ]
    .map(|(name, text)| (name, text.as_bytes().to_vec()))
    .into()
}
