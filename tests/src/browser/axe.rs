//! Whether everybody can use a page, as far as a program can tell: axe-core.

use serde_json::Value;

use super::Browser;
use crate::npm;

/// What is wrong with the page: of each violation the rule, where, and why. The rules are those of WCAG 2.2 up to AA,
/// and axe's best practices.
const EXAMINE: &str = "return (async () => {
    const only = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await axe.run({ runOnly: only });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id} at ${node.target}: ${node.failureSummary}`));
})()";

impl Browser {
    /// Fails if axe-core finds anything wrong with the page as it is now, in light or in dark colours.
    pub async fn assert_accessible(&self) {
        let file = npm::installed("accessibility").await.join("node_modules/axe-core/axe.min.js");
        self.script(&std::fs::read_to_string(file).expect("axe-core is installed")).await;
        for scheme in ["light", "dark"] {
            self.prefer_colours(scheme).await;
            let found = self.script(EXAMINE).await;
            assert_eq!(found, Value::Array(Vec::new()), "{scheme}, at {}", self.url().await);
        }
    }
}
