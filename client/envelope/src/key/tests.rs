use super::*;
use crate::digest::sha256;
use crate::forge::seeded;
use data_encoding::HEXLOWER;

#[test]
fn a_seed_gives_the_key_of_the_x_wing_draft() {
    // draft-connolly-cfrg-xwing-kem, the first test vector; its key by SHA-256.
    let seed = "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26";
    let seed = HEXLOWER
        .decode(seed.as_bytes())
        .unwrap()
        .try_into()
        .unwrap();
    let key = EpochSecret::from_bytes(seed).recipient_key();
    let hash = HEXLOWER.encode(&sha256(&[key.as_bytes()]));
    assert_eq!(
        hash,
        "2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb"
    );
}

#[test]
fn a_key_comes_back_from_its_bytes() {
    let key = EpochSecret::generate(&mut seeded(1)).recipient_key();
    assert!(RecipientKey::from_bytes(key.as_bytes()) == Ok(key));
}

#[test]
fn a_key_of_another_length_is_refused() {
    let key = EpochSecret::from_bytes([1; 32]).recipient_key();
    for length in [0, 32, 1_184, 1_215] {
        let refused = RecipientKey::from_bytes(&key.as_bytes()[..length]);
        assert_eq!(refused.unwrap_err(), KeyError::Length);
    }
    let longer = [key.as_bytes().as_slice(), &[0]].concat();
    assert_eq!(
        RecipientKey::from_bytes(&longer).unwrap_err(),
        KeyError::Length
    );
}

#[test]
fn a_key_with_a_coefficient_at_or_above_the_modulus_is_refused() {
    // FIPS 203 §7.2: 3328 is the largest coefficient; two of them fill three bytes.
    let mut bytes = *EpochSecret::from_bytes([1; 32]).recipient_key().as_bytes();
    bytes[0] = 0x00;
    bytes[1] = (bytes[1] & 0xf0) | 0x0d;
    assert!(
        RecipientKey::from_bytes(&bytes).is_ok(),
        "3328 is below the modulus"
    );
    bytes[0] = 0x01;
    assert_eq!(
        RecipientKey::from_bytes(&bytes).unwrap_err(),
        KeyError::Modulus
    );
    bytes[0] = 0xff;
    bytes[1] |= 0x0f;
    assert_eq!(
        RecipientKey::from_bytes(&bytes).unwrap_err(),
        KeyError::Modulus
    );
}

#[test]
fn a_key_whose_x25519_part_has_small_order_is_refused() {
    let small = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    let mut bytes = *EpochSecret::from_bytes([1; 32]).recipient_key().as_bytes();
    for point in small {
        let mut point: [u8; 32] = HEXLOWER
            .decode(point.as_bytes())
            .unwrap()
            .try_into()
            .unwrap();
        // X25519 masks the highest bit, so each of them has a second form.
        for high in [0, 0x80] {
            point[31] |= high;
            bytes[1_184..].copy_from_slice(&point);
            assert_eq!(
                RecipientKey::from_bytes(&bytes).unwrap_err(),
                KeyError::SmallOrder
            );
        }
    }
}

#[test]
fn whether_a_product_is_zero_does_not_depend_on_the_scalar() {
    let small = [1_u8; 1]
        .iter()
        .chain([0; 31].iter())
        .copied()
        .collect::<Vec<_>>();
    let small = <[u8; 32]>::try_from(small).unwrap();
    let honest = *PublicKey::from(&StaticSecret::from([9; 32])).as_bytes();
    for seed in 0..64 {
        let scalar = StaticSecret::from([seed; 32]);
        let zero = !scalar
            .diffie_hellman(&PublicKey::from(small))
            .was_contributory();
        assert!(zero && !is_contributory(&small));
        assert!(
            scalar
                .diffie_hellman(&PublicKey::from(honest))
                .was_contributory()
        );
        assert!(is_contributory(&honest));
    }
}

#[test]
fn keys_and_secrets_never_show_in_debug_output() {
    let secret = EpochSecret::from_bytes([0xab; 32]);
    assert_eq!(format!("{secret:?}"), "EpochSecret(..)");
    assert_eq!(format!("{:?}", secret.recipient_key()), "RecipientKey(..)");
}
