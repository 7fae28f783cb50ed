//! Shamir's sharing over GF(2^8) with the polynomial 0x11b.

use rand_core::CryptoRng;
use vsss_rs::Gf256;
use zeroize::{Zeroize, Zeroizing};

use crate::day::Quorum;

/// One point of the polynomials: x, and the 32 values there.
pub(crate) struct Share {
    pub(crate) x: u8,
    pub(crate) y: Zeroizing<[u8; 32]>,
}

/// Divides a secret so that `quorum` of the `count` shares give it back, and fewer say nothing.
///
/// The share of place p has x = p + 1. The coefficients are uniform, zero included. A quorum of
/// one is no sharing at all: every share is the secret.
pub(crate) fn split(
    secret: &[u8; 32],
    quorum: Quorum,
    count: u8,
    rng: &mut impl CryptoRng,
) -> Vec<Share> {
    let mut coefficients = Vec::new();
    for _ in 1..quorum.get() {
        let mut coefficient = Zeroizing::new([0; 32]);
        rng.fill_bytes(coefficient.as_mut_slice());
        coefficients.push(coefficient);
    }
    (1..=count)
        .map(|x| {
            let mut y = Zeroizing::new([0; 32]);
            // Horner, from the highest coefficient down to the secret itself.
            for coefficient in coefficients
                .iter()
                .rev()
                .map(|held| &**held)
                .chain([secret])
            {
                for (sum, addend) in y.iter_mut().zip(coefficient) {
                    *sum = multiply(*sum, x) ^ addend;
                }
            }
            Share { x, y }
        })
        .collect()
}

/// The values at `at` of the polynomials through these shares; at 0 they are the secret.
///
/// The shares must have different x.
pub(crate) fn interpolate(shares: &[&Share], at: u8) -> Zeroizing<[u8; 32]> {
    let mut result = Zeroizing::new([0; 32]);
    for share in shares {
        let mut weight = 1;
        for other in shares.iter().filter(|other| other.x != share.x) {
            // Subtraction in this field is exclusive or; the divisor is not zero.
            weight = multiply(weight, divide(at ^ other.x, share.x ^ other.x));
        }
        for (sum, value) in result.iter_mut().zip(share.y.iter()) {
            *sum ^= multiply(*value, weight);
        }
    }
    result
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "a product in a finite field is in the field"
)]
fn multiply(a: u8, b: u8) -> u8 {
    let mut product = Gf256(a) * Gf256(b);
    let value = product.0;
    product.zeroize();
    value
}

/// Only ever of x-coordinates, which are public.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the divisor is the difference of two others"
)]
fn divide(a: u8, b: u8) -> u8 {
    (Gf256(a) / Gf256(b)).0
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "sums of small test numbers")]
mod tests;
