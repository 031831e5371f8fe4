//! What a socket's client has subscribed to.

use std::collections::HashMap;

use futures::stream::{self, AbortHandle, Abortable, BoxStream, SelectAll};
use futures::{Stream, StreamExt as _};

use crate::http::execution::Finished;

/// The operations under way, by their ids.
#[derive(Default)]
pub(super) struct Operations {
    running: SelectAll<BoxStream<'static, (String, Event)>>,
    under_way: HashMap<String, UnderWay>,
}

struct UnderWay {
    handle: AbortHandle,
    /// How long the message was that asked for it.
    bytes: usize,
}

/// What there is to be told of an operation.
pub(super) enum Event {
    /// A response.
    Response(Finished),
    /// The end.
    End,
}

impl Operations {
    /// Begins an operation whose id is not in use, and that a message of so many `bytes` asked for.
    pub(super) fn begin(
        &mut self,
        id: String,
        bytes: usize,
        responses: impl Stream<Item = Finished> + Send + 'static,
    ) {
        let (handle, registration) = AbortHandle::new_pair();
        self.under_way.insert(id.clone(), UnderWay { handle, bytes });
        let events = responses.map(Event::Response).chain(stream::once(async { Event::End }));
        let events = events.map(move |event| (id.clone(), event));
        self.running.push(Abortable::new(events, registration).boxed());
    }

    /// Ends an operation, of which nothing more will come. Does nothing if it has ended already.
    pub(super) fn end(&mut self, id: &str) {
        if let Some(ended) = self.under_way.remove(id) {
            ended.handle.abort();
        }
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.under_way.contains_key(id)
    }

    pub(super) fn count(&self) -> usize {
        self.under_way.len()
    }

    /// How long the messages were, together, that asked for those under way.
    pub(super) fn bytes(&self) -> usize {
        self.under_way.values().map(|it| it.bytes).sum()
    }

    /// The next event of any of them; none when there are none.
    pub(super) async fn next(&mut self) -> Option<(String, Event)> {
        self.running.next().await
    }
}
