//! The randomness that the server draws: the system's.

#[cfg(test)]
pub(crate) use counted::system_rng;
#[cfg(not(test))]
use {getrandom::SysRng, rand_core::UnwrapErr};

/// The system's randomness.
#[cfg(not(test))]
pub(crate) const fn system_rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// In a test a thread may draw from a seed instead, so that what failed once runs again as it ran.
#[cfg(test)]
pub(crate) mod counted {
    use core::convert::Infallible;
    use std::cell::RefCell;
    use std::sync::{Arc, Mutex};

    use getrandom::SysRng;
    use rand_chacha::ChaCha20Rng;
    use rand_core::{Rng as _, SeedableRng as _, TryCryptoRng, TryRng, UnwrapErr};

    use crate::uploads::lock;

    /// A source that threads share.
    #[derive(Debug, Clone)]
    pub(crate) struct Seeded(Arc<Mutex<ChaCha20Rng>>);

    impl Seeded {
        pub(crate) fn new(seed: u64) -> Self {
            Self(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))
        }
    }

    thread_local! {
        static SEEDED: RefCell<Option<Seeded>> = const { RefCell::new(None) };
    }

    /// From now on this thread draws from here, or from the system again.
    pub(crate) fn draw_from(seeded: Option<Seeded>) {
        SEEDED.set(seeded);
    }

    pub(crate) fn system_rng() -> Drawn {
        Drawn(SEEDED.with_borrow(Clone::clone))
    }

    #[derive(Debug)]
    pub(crate) struct Drawn(Option<Seeded>);

    impl TryRng for Drawn {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            Ok(match &self.0 {
                Some(seeded) => lock(&seeded.0).next_u32(),
                None => UnwrapErr(SysRng).next_u32(),
            })
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            Ok(match &self.0 {
                Some(seeded) => lock(&seeded.0).next_u64(),
                None => UnwrapErr(SysRng).next_u64(),
            })
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            match &self.0 {
                Some(seeded) => lock(&seeded.0).fill_bytes(bytes),
                None => UnwrapErr(SysRng).fill_bytes(bytes),
            }
            Ok(())
        }
    }

    impl TryCryptoRng for Drawn {}
}
