//! Bodies that nobody wants any more: read and thrown away, so that the answer is seen.
//!
//! A connection that is closed while its peer still writes is reset, and a reset can destroy the
//! answer on its way. So a refusal goes out at once, and the rest of the request runs into nothing.

use core::time::Duration;
use std::sync::{Arc, Mutex};

use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::task::JoinSet;

use crate::uploads::lock;

/// The unwanted bodies of one connection; they end with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drains(Arc<Mutex<JoinSet<()>>>);

impl Drains {
    /// Reads the rest of a body for at most so long.
    pub(crate) fn drain(&self, mut body: Incoming, patience: Duration) {
        if body.is_end_stream() {
            return;
        }
        let mut tasks = lock(&self.0);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            let reading = async { while let Some(Ok(_)) = body.frame().await {} };
            // Whether it came to its end or took too long, the answer has had its time.
            let _seen = tokio::time::timeout(patience, reading).await;
        });
    }
}
