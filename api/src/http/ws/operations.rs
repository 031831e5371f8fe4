//! What a socket's client has subscribed to.

use std::collections::HashMap;

use futures::stream::{self, AbortHandle, Abortable, BoxStream, SelectAll};
use futures::{Stream, StreamExt as _};

use crate::http::execution::Finished;

/// The operations under way, by their ids.
#[derive(Default)]
pub(super) struct Operations {
    running: SelectAll<BoxStream<'static, (String, Event)>>,
    handles: HashMap<String, AbortHandle>,
}

/// What there is to be told of an operation.
pub(super) enum Event {
    /// A response.
    Response(Finished),
    /// The end.
    End,
}

impl Operations {
    /// Begins an operation whose id is not in use.
    pub(super) fn begin(&mut self, id: String, responses: impl Stream<Item = Finished> + Send + 'static) {
        let (handle, registration) = AbortHandle::new_pair();
        self.handles.insert(id.clone(), handle);
        let events = responses.map(Event::Response).chain(stream::once(async { Event::End }));
        let events = events.map(move |event| (id.clone(), event));
        self.running.push(Abortable::new(events, registration).boxed());
    }

    /// Ends an operation, of which nothing more will come. Does nothing if it has ended already.
    pub(super) fn end(&mut self, id: &str) {
        if let Some(handle) = self.handles.remove(id) {
            handle.abort();
        }
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.handles.contains_key(id)
    }

    pub(super) fn count(&self) -> usize {
        self.handles.len()
    }

    /// The next event of any of them; none when there are none.
    pub(super) async fn next(&mut self) -> Option<(String, Event)> {
        self.running.next().await
    }
}
