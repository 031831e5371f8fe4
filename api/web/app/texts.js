// What pages say, in the language of whoever reads it. Each language is one file in `texts`.

const LANGUAGES = ['en', 'de'];

const wished = navigator.languages.find((tag) => LANGUAGES.includes(tag.split('-')[0])) ?? 'en';

/** The language of the texts. */
export const language = wished.split('-')[0];
/** How numbers and dates are written: the language, and where it is spoken if the browser says so. */
export const locale = wished;

document.documentElement.lang = language;

const { default: texts } = await import(`./texts/${language}.js`);
const plural = new Intl.PluralRules(locale);

/**
 * The text with this key, such as `t('family.title')`. `{name}` in it gives way to `values.name`. A text with the forms
 * `one` and `other` is chosen by `values.count`, and shows it as `{n}` if `values.n` is its formatted form.
 */
export function t(key, values = {}) {
  const found = key.split('.').reduce((section, name) => section?.[name], texts);
  const text = typeof found === 'object' ? found[plural.select(values.count)] ?? found.other : found;
  if (text === undefined) throw new Error(`there is no text ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
