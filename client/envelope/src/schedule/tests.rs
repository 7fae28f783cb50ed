use data_encoding::HEXLOWER;

use super::*;

#[test]
fn the_derivation_is_that_of_rfc_5869() {
    // RFC 5869 A.1.
    let salt: Vec<u8> = (0..13).collect();
    let info: Vec<u8> = (0xf0..0xfa).collect();
    let mut output = [0; 42];
    Hkdf::<Sha256>::new(Some(&salt), &[0x0b; 22])
        .expand(&info, &mut output)
        .unwrap();
    let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf\
                    34007208d5b887185865";
    assert_eq!(HEXLOWER.encode(&output), expected);
}

#[test]
fn commitment_and_key_are_derived_with_their_labels() {
    let (salt, secret) = ([1; 32], [2; 32]);
    let schedule = Schedule::new(&salt, &secret);
    let by_hand = |info: &[u8]| {
        let mut output = [0; 32];
        Hkdf::<Sha256>::new(Some(&salt), &secret)
            .expand(info, &mut output)
            .unwrap();
        output
    };
    let head = [3; HEAD_LEN];
    let info = [b"knothole/v1 commit\x01\x02".as_slice(), &sha256(&[&head])].concat();
    let quorum = Quorum::new(2).unwrap();
    let commitment = schedule.commitment(Suite::ChaCha20Poly1305, quorum, &head);
    assert_eq!(commitment, by_hand(&info));
    let header = [4; HEADER_LEN];
    let info = [b"knothole/v1 payload\x02".as_slice(), &sha256(&[&header])].concat();
    assert_eq!(*schedule.payload(Suite::Aes256Gcm, &header), by_hand(&info));
}

#[test]
fn suite_quorum_and_head_all_change_the_commitment() {
    let schedule = Schedule::new(&[1; 32], &[2; 32]);
    let two = Quorum::new(2).unwrap();
    let made = [
        schedule.commitment(Suite::ChaCha20Poly1305, Quorum::ONE, &[3; HEAD_LEN]),
        schedule.commitment(Suite::Aes256Gcm, Quorum::ONE, &[3; HEAD_LEN]),
        schedule.commitment(Suite::ChaCha20Poly1305, two, &[3; HEAD_LEN]),
        schedule.commitment(Suite::ChaCha20Poly1305, Quorum::ONE, &[4; HEAD_LEN]),
    ];
    for (place, one) in made.iter().enumerate() {
        assert!(!made[..place].contains(one));
    }
}
