//! Uploads by tus 1.0.0 (core, creation, creation-with-upload, termination, checksum, expiration,
//! concatenation): what each request does to the store, and what it is answered.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::{HeaderName, HeaderValue};
use http::{Request, StatusCode};
use http_body_util::BodyDataStream;
use hyper::body::Incoming;
use knothole_envelope::{CHUNK_LEN, HEADER_LEN, MOST_CHUNKS};

use crate::answer::{self, Answer};
use crate::clock::HttpDate;
use crate::closed::Doors;
use crate::gate::{self, Expect, Gate};
use crate::guest::Guest;
use crate::intake::Intake;
use crate::join::join;
use crate::keep::{
    Progress, Trouble, Way, finish, fits, forget_the_oldest, full, give_up, make_room, register,
    take,
};
use crate::receive::{Orders, Received, receive};
use crate::record::{Role, UrlHash};
use crate::segments::Segments;
use crate::space::Class;
use crate::tus::{
    self, CHECKSUMS, Command, Create, Created, EXTENSIONS, Patch, Phase, Refusal, Step, Target,
    UPLOADS, UploadSecret, VERSION,
};
use crate::uploads::Upload;

/// The longest envelope.
const MOST_BYTES: u64 = match (MOST_CHUNKS, CHUNK_LEN, HEADER_LEN) {
    (16_777_216, 65_536, 12_288) => 16_777_216 * 65_536 + 12_288,
    _ => panic!("the bound of an upload is that of an envelope"),
};

/// Answers one request to `/drops` or to an upload.
pub(crate) async fn answer(
    intake: &Arc<Intake>,
    request: Request<Incoming>,
    guest: &Guest,
) -> Answer {
    let (head, mut body) = request.into_parts();
    let path = head.uri.path();
    let target = if path == UPLOADS || path == UPLOADS.trim_end_matches('/') {
        Target::Uploads
    } else {
        Target::Upload
    };
    let done = match tus::parse(&head.method, &head.headers, target, MOST_BYTES) {
        Err(refusal) => Err(refusal.into()),
        Ok(Command::Options) => Ok(options()),
        Ok(Command::Create(create)) => created(intake, &create, &mut body, guest).await,
        Ok(command) => match UploadSecret::in_url(path) {
            Some(secret) => existing(intake, &secret, &command, &mut body, guest).await,
            None => Err(Trouble::NotFound),
        },
    };
    guest.drain(body, intake.settings().drain_patience);
    let mut answer = done.unwrap_or_else(|trouble| trouble.answer());
    put(&mut answer, "tus-resumable", VERSION);
    if answer.status() == StatusCode::PRECONDITION_FAILED {
        put(&mut answer, "tus-version", VERSION);
    }
    answer
}

fn put(answer: &mut Answer, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
}

fn options() -> Answer {
    let mut answer = answer::done();
    *answer.status_mut() = StatusCode::OK;
    put(&mut answer, "tus-version", VERSION);
    put(&mut answer, "tus-extension", EXTENSIONS);
    put(&mut answer, "tus-checksum-algorithm", CHECKSUMS);
    put(&mut answer, "tus-max-size", &MOST_BYTES.to_string());
    answer
}

async fn existing(
    intake: &Arc<Intake>,
    secret: &UploadSecret,
    command: &Command,
    body: &mut Incoming,
    guest: &Guest,
) -> Result<Answer, Trouble> {
    let upload = intake
        .uploads()
        .find(&UrlHash::of(secret.expose()))
        .ok_or(Trouble::NotFound)?;
    match command {
        Command::Patch(patch) => {
            let progress = append(intake, &upload, patch, body, guest).await?;
            let mut answer = answer::done();
            tell(intake, &mut answer, &upload, &progress);
            Ok(answer)
        }
        Command::Delete => {
            upload.view().delete()?;
            give_up(intake, &upload).await?;
            Ok(answer::done())
        }
        // OPTIONS and POST were answered before; what is left is HEAD.
        Command::Head | Command::Options | Command::Create(_) => {
            let view = upload.view();
            let mut answer = answer::done();
            *answer.status_mut() = StatusCode::OK;
            put(&mut answer, "upload-length", &upload.length.to_string());
            let progress = Progress {
                offset: view.offset,
                tree: upload.tree(),
            };
            tell(intake, &mut answer, &upload, &progress);
            match upload.role {
                Role::Whole => {}
                Role::First | Role::Later { .. } => put(&mut answer, "upload-concat", "partial"),
                // The later lanes moved into it, and their addresses are no more.
                Role::Joined { .. } => put(&mut answer, "upload-concat", "final;"),
            }
            Ok(answer)
        }
    }
}

fn tell(intake: &Intake, answer: &mut Answer, upload: &Upload, progress: &Progress) {
    put(answer, "upload-offset", &progress.offset.to_string());
    match progress.tree {
        Some(tree) => put(answer, "knothole-tree", &tree.to_string()),
        None => put(
            answer,
            "upload-expires",
            &HttpDate(intake.times().by_clock(upload.expires)).to_string(),
        ),
    }
}

async fn created(
    intake: &Arc<Intake>,
    create: &Create,
    body: &mut Incoming,
    guest: &Guest,
) -> Result<Answer, Trouble> {
    if create.what.begins() && intake.doors() == Doors::Closed {
        return Err(Trouble::Closed);
    }
    let (role, length, total) = match &create.what {
        Created::Whole { length } => (Role::Whole, *length, *length),
        Created::Lane {
            length,
            parent: None,
        } => (Role::First, *length, 0),
        Created::Lane {
            length,
            parent: Some(parent),
        } => later_lane(intake, *length, parent)?,
        Created::Joined { lanes } => {
            let (secret, joined, progress) = join(intake, lanes).await?;
            return Ok(made(intake, &secret, &joined, &progress));
        }
    };
    let gated = !matches!(intake.gate(), Some(Gate::Open));
    if length == 0 && gated {
        return Err(Trouble::Gate(gate::Refusal::Short));
    }
    fits(intake, &role, length).await?;
    forget_the_oldest(intake).await?;
    let (secret, upload) = register(intake, Way::Tus, role, length, total)?;
    let unclaimed = intake.orphans().watch(&upload);
    let mut progress = Progress {
        offset: 0,
        tree: None,
    };
    if let Some(first) = &create.first {
        match append(intake, &upload, first, body, guest).await {
            Ok(made) => progress = made,
            // What was made for this request alone goes with it: nobody has its address.
            Err(trouble) => {
                if upload.tree().is_none() && !upload.is_gone() {
                    give_up(intake, &upload).await?;
                }
                return Err(trouble);
            }
        }
    } else if length == 0 {
        progress = complete_empty(intake, &upload).await?;
    }
    let answer = made(intake, &secret, &upload, &progress);
    unclaimed.claimed();
    Ok(answer)
}

fn made(intake: &Intake, secret: &UploadSecret, upload: &Upload, progress: &Progress) -> Answer {
    let mut answer = answer::done();
    *answer.status_mut() = StatusCode::CREATED;
    put(&mut answer, "location", &secret.path());
    tell(intake, &mut answer, upload, progress);
    answer
}

fn later_lane(
    intake: &Intake,
    length: u64,
    parent: &UploadSecret,
) -> Result<(Role, u64, u64), Trouble> {
    let first = intake
        .uploads()
        .find(&UrlHash::of(parent.expose()))
        .filter(|first| first.role == Role::First)
        .ok_or(Refusal::Untied)?;
    // Until the header has passed the gate, nothing may follow it.
    let total = first
        .total()
        .filter(|_| first.view().offset > 0)
        .ok_or(Refusal::Untied)?;
    // Behind the open gate nobody has said how long the whole will be.
    let told = !matches!(intake.gate(), Some(Gate::Open));
    if told && length > total.saturating_sub(first.length) {
        return Err(Refusal::LanesLength.into());
    }
    // Before another upload has to make room for it.
    if intake.uploads().has_all_lanes(&first) {
        return Err(Refusal::TooManyLanes.into());
    }
    Ok((Role::Later { parent: first.id }, length, length))
}

async fn append(
    intake: &Arc<Intake>,
    upload: &Arc<Upload>,
    patch: &Patch,
    body: &mut Incoming,
    guest: &Guest,
) -> Result<Progress, Trouble> {
    if matches!(upload.role, Role::Joined { .. }) {
        return Err(Refusal::Joined.into());
    }
    if upload.view().phase == Phase::Open && upload.is_resting() {
        upload.view().patch(patch)?;
    }
    let lease = match take(intake, upload).await? {
        Ok(lease) => lease,
        Err(tree) => {
            upload.view().patch(patch)?;
            return Ok(Progress {
                offset: upload.length,
                tree: Some(tree),
            });
        }
    };
    let lease = match upload.view().patch(patch)? {
        Step::Complete => lease,
        Step::Append { room } => {
            let class = Class::of(&upload.role, upload.length);
            let _sending = guest.sends(class);
            let orders = Orders {
                room,
                checksum: patch.checksum.clone(),
                gate: gate_for(intake, upload)?,
                make_room: room_for(intake, upload),
                grant: intake.space().grant(class),
                leave: guest.leave(),
                small_settles: Arc::clone(intake.small_settles()),
            };
            let body = BodyDataStream::new(body);
            match receive(intake.disk(), intake.settings(), lease, body, orders).await {
                Received::Whole(lease) => lease,
                Received::Cut => return Err(Trouble::Busy),
                Received::Superseded => return Err(Refusal::OffsetDiffers.into()),
                Received::Beyond => return Err(Refusal::BeyondEnd.into()),
                Received::TooMuchToHash => return Err(Refusal::TooMuchToHash.into()),
                Received::Altered => return Err(Refusal::ChecksumDiffers.into()),
                Received::Gate(refusal) => return Err(Trouble::Gate(refusal)),
                Received::Full => return Err(full(intake).await),
                Received::Later(wait) => return Err(Trouble::Later(wait)),
                Received::Failed => return Err(Trouble::Disk),
            }
        }
    };
    let offset = lease.segments().map_or(0, Segments::durable);
    if offset < upload.length || upload.role != Role::Whole {
        return Ok(Progress { offset, tree: None });
    }
    finish(intake, lease).await
}

/// What makes room among the uploads that have bytes, if this one has none yet.
fn room_for(intake: &Arc<Intake>, upload: &Upload) -> Option<BoxFuture<'static, bool>> {
    let intake = Arc::clone(intake);
    let made = async move { make_room(&intake).await.is_ok() };
    (upload.view().offset == 0).then(|| made.boxed())
}

/// The gate, if this upload has still to pass it.
fn gate_for(intake: &Intake, upload: &Upload) -> Result<Option<(Gate, Expect)>, Trouble> {
    let expect = match upload.role {
        Role::Whole => Expect::Whole(upload.length),
        Role::First => Expect::First(upload.length),
        Role::Later { .. } | Role::Joined { .. } => return Ok(None),
    };
    if upload.view().offset > 0 {
        return Ok(None);
    }
    let gate = intake.gate().ok_or(Trouble::Disk)?;
    Ok(Some((gate, expect)))
}

/// An upload of no bytes is whole at once. Only the open gate has such uploads.
async fn complete_empty(intake: &Arc<Intake>, upload: &Arc<Upload>) -> Result<Progress, Trouble> {
    let Ok(lease) = take(intake, upload).await? else {
        return Err(Trouble::Busy);
    };
    let (lease, made) = lease
        .on_disk(intake.disk(), |disk, work| {
            work.segments.create(disk, &work.ticket)
        })
        .await;
    match (lease, made) {
        (Some(lease), Ok(())) if upload.role == Role::Whole => finish(intake, lease).await,
        (Some(_), Ok(())) => Ok(Progress {
            offset: 0,
            tree: None,
        }),
        _ => Err(Trouble::Disk),
    }
}
