//! XML: XMP packets in pictures and documents, and the properties of office files.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::Seen;
use crate::finding::{Limit, What};

/// Elements within elements are followed so deep.
const MOST_DEPTH: usize = 64;
/// So much XML is read.
const MOST_BYTES: usize = 4 << 20;

/// Hands every attribute and every text to `take`, with the name that it stands under.
pub(crate) fn facts(xml: &[u8], seen: &mut Seen, mut take: impl FnMut(&mut Seen, &str, &str)) {
    let xml = match xml.get(..MOST_BYTES) {
        Some(part) => {
            seen.limit(Limit::TooLarge);
            part
        }
        None => xml,
    };
    let mut reader = Reader::from_reader(xml);
    reader.config_mut().check_end_names = false;
    let mut names: Vec<String> = Vec::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                attributes(&start, seen, &mut take);
                if names.len() >= MOST_DEPTH {
                    return seen.limit(Limit::Broken);
                }
                names.push(name_of(start.local_name().as_ref()));
            }
            Ok(Event::Empty(start)) => attributes(&start, seen, &mut take),
            Ok(Event::End(_)) => drop(names.pop()),
            Ok(Event::Text(text)) => {
                let text = String::from_utf8_lossy(&text);
                // A list's items stand under the list's name.
                let name = names
                    .iter()
                    .rev()
                    .find(|name| !matches!(name.as_str(), "li" | "bag" | "seq" | "alt"));
                if let Some(name) = name
                    && !text.trim().is_empty()
                {
                    take(seen, name, text.trim());
                }
            }
            Ok(Event::Eof) => return,
            Ok(_) => {}
            Err(_) => return seen.limit(Limit::Broken),
        }
    }
}

fn attributes(
    start: &BytesStart<'_>,
    seen: &mut Seen,
    take: &mut impl FnMut(&mut Seen, &str, &str),
) {
    let element = name_of(start.local_name().as_ref());
    take(seen, &element, "");
    for attribute in start.attributes().with_checks(false).flatten() {
        let name = name_of(attribute.key.local_name().as_ref());
        take(seen, &name, &String::from_utf8_lossy(&attribute.value));
    }
}

fn name_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_ascii_lowercase()
}

/// An XMP packet.
pub(crate) fn xmp(packet: &[u8], seen: &mut Seen) {
    seen.say(What::Other, "an XMP packet");
    facts(packet, seen, |seen, name, text| {
        let what = match name {
            "gpslatitude" | "gpslongitude" | "gpsposition" | "city" | "state" | "country"
            | "location" | "countrycode" | "countryname" | "provincestate" | "sublocation" => {
                What::Place
            }
            "make" | "model" | "lens" | "lensmodel" => What::Device,
            "serialnumber" | "bodyserialnumber" | "lensserialnumber" | "documentid"
            | "instanceid" | "originaldocumentid" => What::Serial,
            "creator" | "author" | "authorsposition" | "captionwriter" | "rights" | "owner"
            | "ownername" | "artist" | "personinimage" | "credit" => What::Person,
            "createdate" | "modifydate" | "metadatadate" | "datecreated" | "datetimeoriginal" => {
                What::Time
            }
            "creatortool" | "producer" | "software" | "softwareagent" => What::Software,
            "description" | "title" | "headline" | "usercomment" | "keywords" | "subject"
            | "instructions" => What::Remark,
            "history" | "derivedfrom" | "ingredients" => return seen.note(What::History),
            "thumbnails" | "image" => return seen.note(What::Preview),
            _ => return,
        };
        seen.say_words(what, text);
    });
}
