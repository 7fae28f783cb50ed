//! EXIF: what cameras and phones write into pictures.

use std::io::BufReader;

use exif::{Context, Exif, Field, In, Rational, Reader, Tag, Value};

use super::{Reading, Seen};
use crate::finding::{Limit, What};
use crate::source::ReadAt;

/// An EXIF block of a picture, without the six bytes that JPEG puts before it.
///
/// Gives the picture's orientation, which is no metadata but part of how it looks.
pub(crate) fn block(tiff: &[u8], seen: &mut Seen) -> Option<u16> {
    let read = Reader::new()
        .continue_on_error(true)
        .read_raw(tiff.to_vec());
    tell(read, seen)
}

/// The EXIF block of a container that is looked through by the crate itself.
pub(crate) fn in_container(file: &impl ReadAt, seen: &mut Seen) {
    let mut reader = BufReader::new(Reading { file, at: 0 });
    let read = Reader::new()
        .continue_on_error(true)
        .read_from_container(&mut reader);
    if !matches!(read, Err(exif::Error::NotFound(_))) {
        tell(read, seen);
    }
}

/// The smallest EXIF block that says how a picture is turned, and nothing else.
pub(crate) fn only_orientation(orientation: u16) -> [u8; 26] {
    let mut block = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    let value = orientation.to_be_bytes();
    for (to, from) in block.iter_mut().skip(18).zip(value) {
        *to = from;
    }
    block
}

fn tell(read: Result<Exif, exif::Error>, seen: &mut Seen) -> Option<u16> {
    let mut broken = false;
    let read =
        read.or_else(|error| error.distill_partial_result(|errors| broken = !errors.is_empty()));
    let Ok(exif) = read else {
        seen.note(What::Other);
        seen.limit(Limit::Broken);
        return None;
    };
    if broken {
        seen.limit(Limit::Broken);
    }
    place(&exif, seen);
    device(&exif, seen);
    for field in exif.fields() {
        say(field, seen);
    }
    let orientation = exif.get_field(Tag::Orientation, In::PRIMARY)?;
    let turned = u16::try_from(orientation.value.get_uint(0)?).ok()?;
    (2..=8).contains(&turned).then_some(turned)
}

fn place(exif: &Exif, seen: &mut Seen) {
    let degrees = |tag, reference| {
        let value = exif.fields().find(|field| field.tag == tag)?;
        let Value::Rational(parts) = &value.value else {
            return None;
        };
        let side = exif
            .fields()
            .find(|field| field.tag == reference)
            .map(words)
            .unwrap_or_default();
        Some(format!("{:.5} {side}", in_degrees(parts)?))
    };
    let north = degrees(Tag::GPSLatitude, Tag::GPSLatitudeRef);
    let east = degrees(Tag::GPSLongitude, Tag::GPSLongitudeRef);
    if let (Some(north), Some(east)) = (north, east) {
        seen.say(What::Place, &format!("{north}, {east}"));
    } else if exif
        .fields()
        .any(|field| matches!(field.tag, Tag::GPSLatitude | Tag::GPSLongitude))
    {
        seen.note(What::Place);
    }
}

fn in_degrees(parts: &[Rational]) -> Option<f64> {
    let [degrees, minutes, seconds] = parts.first_chunk::<3>()?;
    let whole = degrees.to_f64() + minutes.to_f64() / 60.0 + seconds.to_f64() / 3_600.0;
    whole.is_finite().then_some(whole)
}

fn device(exif: &Exif, seen: &mut Seen) {
    let text = |tag| {
        exif.get_field(tag, In::PRIMARY)
            .map(words)
            .unwrap_or_default()
    };
    let (make, model) = (text(Tag::Make), text(Tag::Model));
    // Most makers repeat their name in the model's.
    let both = if model.starts_with(&make) {
        model
    } else {
        format!("{make} {model}")
    };
    seen.say_words(What::Device, &both);
}

fn say(field: &Field, seen: &mut Seen) {
    let what = match field.tag {
        Tag::LensModel | Tag::LensMake => What::Device,
        Tag::BodySerialNumber | Tag::LensSerialNumber | Tag::ImageUniqueID => What::Serial,
        Tag::Artist | Tag::Copyright | Tag::CameraOwnerName => What::Person,
        Tag::DateTime
        | Tag::DateTimeOriginal
        | Tag::DateTimeDigitized
        | Tag::GPSDateStamp
        | Tag::OffsetTime
        | Tag::OffsetTimeOriginal
        | Tag::OffsetTimeDigitized => What::Time,
        Tag::Software => What::Software,
        Tag::ImageDescription | Tag::UserComment => What::Remark,
        Tag::GPSAreaInformation | Tag::GPSDestLatitude | Tag::GPSDestLongitude => What::Place,
        Tag::MakerNote => return seen.note(What::Sealed),
        Tag::JPEGInterchangeFormat if field.ifd_num != In::PRIMARY => {
            return seen.note(What::Preview);
        }
        // What Windows writes, in UTF-16.
        Tag(Context::Tiff, 0x9c9d) => What::Person,
        Tag(Context::Tiff, 0x9c9b | 0x9c9c | 0x9c9e | 0x9c9f) => What::Remark,
        Tag(Context::Tiff, 0xc62f) => What::Serial,
        Tag::ExposureTime | Tag::FNumber | Tag::FocalLength => {
            return seen.say(What::Other, "the settings of the camera");
        }
        _ => return,
    };
    match (what, words(field)) {
        (What::Person | What::Remark, text) => seen.say_words(what, &text),
        (What::Place, _) => seen.note(what),
        (what, text) if field.ifd_num == In::PRIMARY => seen.say_words(what, &text),
        _ => {}
    }
}

/// A field's text, as it stands there.
fn words(field: &Field) -> String {
    match &field.value {
        Value::Ascii(texts) => texts
            .iter()
            .map(|text| String::from_utf8_lossy(text))
            .collect::<Vec<_>>()
            .join(" ")
            .trim_matches(['\0', ' '])
            .to_owned(),
        Value::Undefined(bytes, _) => {
            // Eight bytes before it name the letters.
            String::from_utf8_lossy(bytes.get(8..).unwrap_or(&[])).into_owned()
        }
        Value::Byte(bytes) => {
            let (pairs, _) = bytes.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
            String::from_utf16_lossy(&units)
        }
        _ => String::new(),
    }
}
