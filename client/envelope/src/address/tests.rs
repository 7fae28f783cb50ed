use super::*;

const ONION: &str = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion";

#[test]
fn a_known_onion_address_is_read_and_shown() {
    let onion: OnionAddress = ONION.parse().unwrap();
    assert_eq!(onion.to_string(), ONION);
    assert_eq!(OnionAddress::from_identity(&onion.identity()), onion);
    let loud: OnionAddress = format!(" {} ", ONION.to_ascii_uppercase()).parse().unwrap();
    assert_eq!(loud, onion);
}

#[test]
fn a_typing_error_in_an_onion_address_is_noticed() {
    let wrong = ONION.replacen("2gz", "2gy", 1).parse::<OnionAddress>();
    assert_eq!(wrong, Err(AddressError::OnionChecksum));
}

#[test]
fn what_is_no_onion_address_is_refused() {
    let version = BASE32_NOPAD.encode(&[4; 35]).to_ascii_lowercase();
    let version = format!("{version}.onion").parse::<OnionAddress>();
    assert_eq!(version, Err(AddressError::OnionVersion));
    for text in [
        "",
        ".onion",
        "example.org",
        &ONION[1..],
        &ONION[..56],
        &format!("a{ONION}"),
        &format!("www.{ONION}"),
        &ONION.replace('2', "1"),
        &ONION.replace('2', "é"),
        &format!("{ONION}/"),
    ] {
        assert_eq!(
            text.parse::<OnionAddress>(),
            Err(AddressError::NotAnOnion),
            "{text:?}"
        );
    }
}

#[test]
fn a_fingerprint_is_read_however_people_write_it() {
    let fingerprint = Fingerprint::from_bytes([0x5a; 32]);
    let text = fingerprint.to_string();
    assert_eq!(text.len(), 52);
    let grouped = fingerprint.grouped();
    assert_eq!(grouped.len(), 64);
    let dashes = grouped.replace(' ', "-").to_ascii_uppercase();
    for written in [text, grouped.clone(), dashes, format!("\n {grouped}\t")] {
        assert_eq!(written.parse(), Ok(fingerprint), "{written:?}");
    }
}

#[test]
fn what_is_no_fingerprint_is_refused() {
    let text = Fingerprint::from_bytes([0x5a; 32]).to_string();
    // The last letter carries four spare bits, which must be zero.
    let spare = format!("{}{}", &text[..51], 'b');
    for wrong in [
        &text[1..],
        &format!("{text}a"),
        "",
        &spare,
        &text.replacen('w', "0", 1),
    ] {
        let refused = wrong.parse::<Fingerprint>();
        assert_eq!(refused, Err(AddressError::NotAFingerprint), "{wrong:?}");
    }
}

#[test]
fn a_drop_address_comes_back() {
    let fingerprint = Fingerprint::from_bytes([1; 32]);
    let address = DropAddress::new(ONION.parse().unwrap(), fingerprint);
    assert_eq!(
        address.to_string(),
        format!("knothole:{ONION}#{fingerprint}")
    );
    assert_eq!(address.to_string().parse(), Ok(address));
    let grouped = format!("KNOTHOLE:{ONION}#{}\n", fingerprint.grouped());
    assert_eq!(grouped.parse(), Ok(address));
}

#[test]
fn what_is_no_drop_address_is_refused() {
    let fingerprint = Fingerprint::from_bytes([1; 32]);
    for text in [
        ONION.to_owned(),
        format!("http://{ONION}#{fingerprint}"),
        format!("knothole:{ONION}"),
        String::new(),
    ] {
        let refused = text.parse::<DropAddress>();
        assert_eq!(refused, Err(AddressError::NotADropAddress), "{text:?}");
    }
    let half = format!("knothole:{ONION}#abc").parse::<DropAddress>();
    assert_eq!(half, Err(AddressError::NotAFingerprint));
}
