//! Which files there are, area by area: each by its path below `api/web`, and its bytes.

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/", $path)))),+]
    };
}

/// A file: its path, and its bytes.
pub(super) type File = (&'static str, &'static [u8]);

/// All files.
pub(super) const ALL: &[&[File]] = &[COMMON, FAMILY, ADMIN, GRAPHIQL, LIBRARIES];

/// What several pages are made of.
const COMMON: &[File] = files![
    "pages.css",
    "tally.svg",
    "sign-in-link.js",
    "app/components.js",
    "app/format.js",
    "app/graphql.js",
    "app/live.js",
    "app/plot.js",
    "app/store.js",
    "app/texts.js",
    "app/texts/de.js",
    "app/texts/en.js",
    "app/view.js",
];

/// The family's page.
const FAMILY: &[File] = files![
    "family/accesses.js",
    "family/activity.js",
    "family/address.js",
    "family/card.js",
    "family/courses.js",
    "family/data.js",
    "family/explanation.js",
    "family/family.css",
    "family/family.js",
    "family/news.js",
    "family/record.js",
    "family/trend.js",
    "family/weeks.js",
];

/// The admin's desk.
const ADMIN: &[File] = files![
    "admin/access-log.js",
    "admin/admin.css",
    "admin/admin.js",
    "admin/backfill-results.js",
    "admin/backfill-run.js",
    "admin/backfill-words.js",
    "admin/backfills.js",
    "admin/data.js",
    "admin/days.js",
    "admin/drift.js",
    "admin/filter-form.js",
    "admin/guardians.js",
    "admin/guardianships.js",
    "admin/jobs.js",
    "admin/overview.js",
    "admin/parts.js",
    "admin/queue.js",
    "admin/router.js",
    "admin/rows.js",
    "admin/selection.js",
    "admin/student-filter.js",
    "admin/student-past.js",
    "admin/student.js",
    "admin/students.js",
];

/// GraphiQL's page.
const GRAPHIQL: &[File] = files![
    "graphiql/graphiql.css",
    "graphiql/graphiql.js",
    "graphiql/examples/profile.graphql",
    "graphiql/examples/children.graphql",
    "graphiql/examples/follow.graphql",
    "graphiql/examples/record-and-grade.graphql",
    "graphiql/examples/backfill.graphql",
    "graphiql/examples/follow-backfill.graphql",
    "graphiql/examples/queue.graphql",
];

/// What others have made.
const LIBRARIES: &[File] = files![
    "vendor/graphiql-4.1.2/graphiql.min.css",
    "vendor/graphiql-4.1.2/graphiql.min.js",
    "vendor/graphql-ws-5.16.2/graphql-ws.min.js",
    "vendor/htm-3.1.1/htm.mjs",
    "vendor/preact-11.2.0/hooks.mjs",
    "vendor/preact-11.2.0/preact.mjs",
    "vendor/react-18.3.1/react.production.min.js",
    "vendor/react-dom-18.3.1/react-dom.production.min.js",
    "vendor/uplot-1.6.32/uPlot.iife.min.js",
    "vendor/uplot-1.6.32/uPlot.min.css",
];
