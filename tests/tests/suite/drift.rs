//! The search for aggregates that are not what the facts say. It should never find anything: here, rows are damaged.
