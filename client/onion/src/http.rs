//! Plain HTTP/1.1 over a stream to the service, each step with a time limit.

mod body;
mod error;
mod reply;
mod session;
#[cfg(test)]
mod tests;
mod watch;

pub use body::{Body, BodyBroken, BodyWriter};
pub use error::HttpError;
pub use reply::Reply;
pub use session::{STALL_PATIENCE, Session};

pub use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

/// A request: method, path beginning with `/`, headers and a body of known length.
pub type Request = ::http::Request<Body>;
