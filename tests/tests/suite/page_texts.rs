//! The texts of the pages, one file for each language.

use std::path::Path;
use std::process::Command;

/// Prints what is wrong with the texts: keys, forms of plurals or places for values that one language has and another
/// has not, and keys that a page uses and no language has. Keys that are put together are not looked for.
const EXAMINE: &str = r"
import { readdirSync, readFileSync } from 'node:fs';

const read = (file) => readFileSync(file, 'utf8');
const texts = async (language) => {
    const module = `data:text/javascript,${encodeURIComponent(read(`app/texts/${language}.js`))}`;
    return new Map(flat((await import(module)).default));
};
const flat = (section, path = []) => Object.entries(section).flatMap(([name, value]) =>
    typeof value === 'object' ? flat(value, [...path, name]) : [[[...path, name].join('.'), places(value)]]);
const places = (text) => [...new Set(text.match(/\{\w+\}/g))].sort().join(' ');

const languages = readdirSync('app/texts').map((file) => file.replace('.js', ''));
const [first, ...others] = languages;
const known = await texts(first);
for (const language of others) {
    const those = await texts(language);
    for (const key of new Set([...known.keys(), ...those.keys()])) {
        if (known.get(key) !== those.get(key)) console.log(`${key} differs in ${first} and ${language}`);
    }
}
for (const folder of ['app', 'family', 'admin']) {
    let files = [];
    try { files = readdirSync(folder).filter((file) => file.endsWith('.js')); } catch {}
    for (const file of files) {
        for (const [, key] of read(`${folder}/${file}`).matchAll(/\bt\('([\w.]+)'/g)) {
            if (!known.has(key) && !known.has(`${key}.other`)) console.log(`${folder}/${file} uses ${key}, which is not there`);
        }
    }
}
console.log(`${languages} ${known.size > 50}`);
";

#[test]
fn every_language_has_the_same_texts_and_every_text_that_is_used_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/web");
    let node =
        Command::new("node").args(["--input-type=module", "--eval", EXAMINE]).current_dir(folder).output();
    let output = node.expect("node runs");
    let (said, failed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.trim(), "de,en true", "{failed}");
}
