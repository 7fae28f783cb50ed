use super::*;
use data_encoding::HEXLOWER;

fn hex<const N: usize>(text: &str) -> [u8; N] {
    HEXLOWER
        .decode(text.as_bytes())
        .unwrap()
        .try_into()
        .unwrap()
}

#[test]
fn signatures_are_those_of_rfc_8032() {
    // RFC 8032 §7.1, TEST 1: the empty message.
    let secret = SigningSecret::from_bytes(hex(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    ));
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    assert_eq!(secret.editor_key().as_bytes(), &hex::<32>(public));
    let signature: [u8; 64] = hex(concat!(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555",
        "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ));
    assert_eq!(secret.sign(&[]), signature);
    assert!(secret.editor_key().verifies(&[], &signature));
    assert!(!secret.editor_key().verifies(&[0], &signature));
}

#[test]
fn a_key_of_small_order_is_refused() {
    let small = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ];
    for key in small {
        assert_eq!(
            EditorKey::from_bytes(hex(key)),
            Err(KeyError::SmallOrder),
            "{key}"
        );
    }
}

#[test]
fn a_key_that_could_be_written_otherwise_is_refused() {
    // y = p + 3, p and 2^255 - 1: all at or above the prime.
    for low in [0xf0, 0xed, 0xff] {
        let mut key = [0xff; 32];
        key[0] = low;
        for high in [0x7f, 0xff] {
            key[31] = high;
            assert_eq!(EditorKey::from_bytes(key), Err(KeyError::NotAPoint));
        }
    }
    // Zero with a sign: x = 0 cannot be negative, and its order is small besides.
    let mut one = [0; 32];
    one[0] = 1;
    one[31] = 0x80;
    assert!(EditorKey::from_bytes(one).is_err());
}

#[test]
fn a_key_beside_the_curve_is_refused() {
    let mut key = [0; 32];
    key[0] = 2;
    assert_eq!(EditorKey::from_bytes(key), Err(KeyError::NotAPoint));
}

#[test]
fn a_signature_with_a_second_form_of_s_is_refused() {
    let secret = SigningSecret::from_bytes([3; 32]);
    let mut signature = secret.sign(b"m");
    // S + L, with L = 2^252 + 27742317777372353535851937790883648493.
    let order: [u8; 32] = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut carry = 0;
    for (digit, addend) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*digit) + u16::from(addend) + carry;
        *digit = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    assert!(!secret.editor_key().verifies(b"m", &signature));
}

#[test]
fn a_signature_with_r_of_small_order_is_refused() {
    // With R the identity and S = 0 the equation holds without cofactor only for a hash of zero;
    // the check of R refuses it whatever the hash.
    let mut signature = [0; 64];
    signature[0] = 1;
    assert!(
        !SigningSecret::from_bytes([3; 32])
            .editor_key()
            .verifies(b"m", &signature)
    );
}

#[test]
fn a_secret_never_shows_in_debug_output() {
    let secret = SigningSecret::from_bytes([0xab; 32]);
    assert_eq!(format!("{secret:?}"), "SigningSecret(..)");
}

#[test]
fn what_is_signed_begins_with_what_it_is() {
    let message = Domain::Sheet.message(&Fingerprint::from_bytes([2; 32]), b"body");
    let hash = sha256(&[b"body"]);
    let expected = [b"knothole/v1 sheet\0".as_slice(), &[2; 32], &hash].concat();
    assert_eq!(message, expected);
}
