//! Subscriptions: each is one call of a service, which answers a stream.

mod performance;

use async_graphql::MergedSubscription;

use performance::PerformanceSubscription;

/// What can be followed as it changes, over a WebSocket.
#[derive(Debug, Default, MergedSubscription)]
pub struct Subscription(PerformanceSubscription);
