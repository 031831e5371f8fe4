//! Bodies of requests: how large one may be, how long it may take to come, and how much of all of them is held at a time.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use futures::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::overloaded;
use crate::error::ErrorCode;
use crate::http::authentication::Refusal;

/// How many bodies of the largest size are held at a time, or more of smaller ones.
const LARGEST_AT_A_TIME: usize = 32;

/// The room for bodies.
pub(super) struct Bodies {
    max: usize,
    within: Duration,
    room: Arc<Semaphore>,
}

/// A body, and its room for as long as it is held.
pub(in crate::http) struct Taken {
    bytes: Vec<u8>,
    room: Option<OwnedSemaphorePermit>,
}

impl Taken {
    pub(in crate::http) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Bodies {
    pub(super) fn new(max: usize, within: Duration) -> Self {
        Self { max, within, room: Arc::new(Semaphore::new(max.saturating_mul(LARGEST_AT_A_TIME))) }
    }

    /// Takes a body of at most `max` bytes. One that says that it is too large need not come.
    pub(super) async fn take(&self, headers: &HeaderMap, body: Body, max: usize) -> Result<Taken, Refusal> {
        let max = max.min(self.max);
        let length =
            headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length > max) {
            return Err(too_large(max));
        }
        let read = timeout(self.within, self.read(body.into_data_stream(), max)).await;
        read.unwrap_or_else(|_| Err(self.too_slow()))
    }

    /// Room is taken for what has come, not for what is announced: that costs its sender nothing.
    async fn read(&self, mut chunks: BodyDataStream, max: usize) -> Result<Taken, Refusal> {
        let mut taken = Taken { bytes: Vec::new(), room: None };
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| broken())?;
            if taken.bytes.len() + chunk.len() > max {
                return Err(too_large(max));
            }
            self.add(&mut taken, &chunk)?;
        }
        Ok(taken)
    }

    fn add(&self, taken: &mut Taken, chunk: &Bytes) -> Result<(), Refusal> {
        let bytes = u32::try_from(chunk.len()).map_err(|_| too_large(self.max))?;
        let more = self.room.clone().try_acquire_many_owned(bytes).map_err(|_| overloaded())?;
        match &mut taken.room {
            Some(room) => room.merge(more),
            none => *none = Some(more),
        }
        taken.bytes.extend_from_slice(chunk);
        Ok(())
    }

    fn too_slow(&self) -> Refusal {
        let message = format!(
            "the body did not come within the {} seconds that are allowed",
            self.within.as_secs_f32()
        );
        Refusal { status: StatusCode::REQUEST_TIMEOUT, code: ErrorCode::LimitExceeded, message }
    }
}

fn too_large(max: usize) -> Refusal {
    let message = format!("the body is larger than the {max} bytes that are allowed");
    Refusal { status: StatusCode::PAYLOAD_TOO_LARGE, code: ErrorCode::LimitExceeded, message }
}

fn broken() -> Refusal {
    Refusal {
        status: StatusCode::BAD_REQUEST,
        code: ErrorCode::BadUserInput,
        message: "the body could not be read to its end".to_owned(),
    }
}
