// Days as forms have them, such as "2026-03-02", and the moments at which they begin.

/** The moment at which a day begins where the viewer is, or one so many days later. */
export function midnight(day, later = 0) {
  const moment = new Date(`${day}T00:00`);
  moment.setDate(moment.getDate() + later);
  return moment.toISOString();
}

/** Whether a text of an address is a day. */
export const isDay = (text) => /^\d{4}-\d\d-\d\d$/.test(text ?? '') && !Number.isNaN(Date.parse(`${text}T00:00`));
