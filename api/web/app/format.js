// Numbers and times as the viewer writes them. Decimals come from the API as texts such as "85.50", and are handed to
// `Intl` as they are: they are never binary fractions.

import { useEffect, useState } from './view.js';
import { locale, t } from './texts.js';

const two = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
const formats = {
  percent: new Intl.NumberFormat(locale, { style: 'unit', unit: 'percent', ...two }),
  wholePercent: new Intl.NumberFormat(locale, { style: 'unit', unit: 'percent', maximumFractionDigits: 0 }),
  decimal: new Intl.NumberFormat(locale, two),
  signed: new Intl.NumberFormat(locale, { maximumFractionDigits: 1, minimumFractionDigits: 1, signDisplay: 'exceptZero' }),
  rate: new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }),
  count: new Intl.NumberFormat(locale),
  date: new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }),
  time: new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }),
  moment: new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' }),
  day: new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }),
  shortDay: new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' }),
  relative: new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }),
  relativeAlways: new Intl.RelativeTimeFormat(locale, { numeric: 'always' }),
};

/** What stands where there is no number. Beside it, or for screen readers, the page says in words what that means. */
export const NONE = '–';

const or = (format) => (value) => (value === null || value === undefined ? NONE : format(value));

/** "85.50" as 85.50%. */
export const percent = or((decimal) => formats.percent.format(decimal));
/** 80 as 80%. */
export const wholePercent = or((number) => formats.wholePercent.format(number));
/** "85.50" as 85.50. */
export const decimal = or((decimal) => formats.decimal.format(decimal));
/** 1.26 as +1.3. */
export const signed = or((number) => formats.signed.format(number));
/** 1234.56 as 1,234.6. */
export const rate = or((number) => formats.rate.format(number));
/** 1234 as 1,234. */
export const count = or((number) => formats.count.format(number));
/** A moment as its day, where the viewer is. */
export const date = or((moment) => formats.date.format(new Date(moment)));
/** A moment as its day and time to the minute, where the viewer is. */
export const time = or((moment) => formats.time.format(new Date(moment)));
/** A moment to the second. */
export const moment = or((moment) => formats.moment.format(new Date(moment)));
/** A day such as "2026-03-02", which is the same day everywhere. */
export const day = or((day) => formats.day.format(new Date(day)));
/** The same without its year. */
export const shortDay = or((day) => formats.shortDay.format(new Date(day)));

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** How long ago a moment is, or in how long it will be: "2 minutes ago". Beyond a week, its day. */
export function ago(moment, now = Date.now()) {
  const seconds = (new Date(moment) - now) / 1000;
  if (Math.abs(seconds) >= 7 * 86_400) return date(moment);
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? [];
  if (!unit) return t('common.justNow');
  const format = unit === 'day' ? formats.relative : formats.relativeAlways;
  return format.format(Math.trunc(seconds / length), unit);
}

/** A span of seconds in its largest unit: "3 minutes". */
export function span(seconds) {
  const units = [...UNITS, ['second', 1]];
  const [unit, length] = units.find(([, length]) => seconds >= length) ?? ['second', 1];
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 });
  return format.format(seconds / length);
}

/** The time now, in a component that is shown anew every few seconds. */
export function useNow(every = 10_000) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
