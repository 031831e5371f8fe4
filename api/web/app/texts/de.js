// Deutsch.

export default {
  common: {
    pages: 'Seiten',
    signOut: 'Abmelden',
    close: 'Schließen',
    tryAgain: 'Noch einmal versuchen',
    loading: 'Wird geladen …',
    more: 'Mehr anzeigen',
    justNow: 'gerade eben',
    connectionLost: 'Die Verbindung ist unterbrochen. Was Sie sehen, ist vielleicht nicht mehr aktuell. Neuer Versuch …',
    problems: {
      input: 'Das geht so nicht: {message}.',
      OFFLINE: 'Der Server ist nicht erreichbar. Sind Sie mit dem Internet verbunden?',
      UNAVAILABLE: 'Der Server kann gerade nicht antworten. Bitte versuchen Sie es gleich noch einmal.',
      NOT_FOUND: 'Das gibt es nicht, oder Sie dürfen es nicht sehen.',
      FORBIDDEN: 'Das dürfen Sie nicht.',
      LIMIT_EXCEEDED: 'Das ist mehr, als auf einmal abgefragt werden kann.',
      withId: 'Etwas ist schiefgegangen, und es liegt nicht an Ihnen. Wenn Sie es melden, nennen Sie diese Nummer: {id}',
      other: 'Etwas ist schiefgegangen, und es liegt nicht an Ihnen. Bitte versuchen Sie es noch einmal.',
    },
  },
  family: {},
  admin: {},
};
