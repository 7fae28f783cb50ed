//! The names that opened files get: never the source's.

/// An ending has at most so many characters.
const MOST_ENDING: usize = 8;
/// Endings on which a desktop starts, installs, mounts or interprets something when a person only
/// wants to look: programs and scripts of any system, packages, pages and drawings that run scripts,
/// documents with macros, units, images of disks. In order, and none longer than is kept anyway.
#[rustfmt::skip]
const STARTERS: [&str; 124] = [
    "action", "apk", "app", "appimage", "awk", "bash", "bat", "cgi", "chm", "class", "cmd", "com",
    "command", "cpl", "csh", "deb", "desktop", "dll", "dmg", "docm", "dotm", "ear", "egg", "elf",
    "exe", "fish", "flatpak", "gadget", "gem", "hlp", "hta", "htm", "html", "img", "inf", "ins",
    "iso", "jar", "jnlp", "job", "js", "jse", "kdelnk", "ko", "ksh", "lnk", "lua", "mht", "mhtml",
    "mjs", "mount", "msc", "msi", "msp", "mst", "ocx", "php", "phtml", "pif", "pkg", "pl", "pm",
    "potm", "ppam", "ppsm", "pptm", "ps1", "psm1", "py", "pyc", "pyo", "pyw", "pyz", "rb", "reg",
    "rpm", "run", "scf", "scpt", "scr", "script", "service", "sh", "shb", "shs", "shtml", "sldm",
    "snap", "so", "socket", "svg", "svgz", "swf", "sys", "tcl", "tcsh", "terminal", "timer", "tool",
    "udeb", "url", "vb", "vbe", "vbs", "vhd", "vhdx", "war", "website", "whl", "wsc", "wsf", "wsh",
    "xbap", "xht", "xhtml", "xlam", "xll", "xlsm", "xltm", "xml", "xpi", "xsl", "xslt", "zsh",
];

/// The name of the file at this place, from 0: its number, and the source's ending if it is harmless.
pub(super) fn own(place: usize, called: &str) -> String {
    let number = place.saturating_add(1);
    match ending(called) {
        Some(ending) => format!("{number}.{ending}"),
        None => number.to_string(),
    }
}

fn ending(called: &str) -> Option<String> {
    let (before, ending) = called.rsplit_once('.')?;
    let plain = !before.is_empty()
        && (1..=MOST_ENDING).contains(&ending.len())
        && ending.bytes().all(|letter| letter.is_ascii_alphanumeric());
    let ending = ending.to_ascii_lowercase();
    let reserved = ending == "partial" || STARTERS.contains(&ending.as_str());
    (plain && !reserved).then_some(ending)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_keeps_a_short_plain_ending_and_nothing_else() {
        assert_eq!(own(0, "IMG_0412.MOV"), "1.mov");
        assert_eq!(own(1, "录像.mp4"), "2.mp4");
        assert_eq!(own(2, "archive.tar.gz"), "3.gz");
        for called in [
            "README",
            ".bashrc",
            "a.",
            "a.123456789",
            "a.m v",
            "a.mö",
            "x.\u{202e}vom",
            "open me.desktop",
            "open me.SH",
            "paper.html",
            "drawing.SVG",
            "update.deb",
            "update.rpm",
            "sum.py",
            "table.xlsm",
            "disk.iso",
            "x.partial",
            "..\\..\\x\\",
        ] {
            assert_eq!(own(6, called), "7", "{called}");
        }
    }

    #[test]
    fn the_endings_that_start_something_are_in_order_and_short_enough_to_matter() {
        assert!(STARTERS.is_sorted_by(|one, next| one < next));
        for ending in STARTERS {
            assert!(ending.len() <= MOST_ENDING, "{ending}");
            assert_eq!(own(6, &format!("x.{}", ending.to_ascii_uppercase())), "7");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_source_calls_a_file_its_name_is_a_number_and_an_ending(
            called in any::<String>(),
            place in 0_usize..500,
        ) {
            let name = own(place, &called);
            prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.'));
            prop_assert!(name.starts_with(&place.saturating_add(1).to_string()));
            prop_assert!(name.len() <= 12);
        }
    }
}
