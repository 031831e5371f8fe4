// The family's page: a card for each child, and the chosen child's record.

import { html, render, useEffect } from '../app/view.js';
import { Badge, ConnectionNote, Empty, Frame, ProblemBox } from '../app/components.js';
import { connection } from '../app/live.js';
import { useStore } from '../app/store.js';
import { t } from '../app/texts.js';
import { chosen } from './address.js';
import { Card, CardSkeleton } from './card.js';
import { family, load } from './data.js';
import { News } from './news.js';
import { Record } from './record.js';

function Family() {
  const { me, profiles, problem } = useStore(family);
  const id = useStore(chosen);
  const profile = id === undefined ? profiles?.[0] : profiles?.find(({ student }) => student.id === id);
  const isOwn = me?.role === 'STUDENT';
  const heading = t(isOwn ? 'family.own' : 'family.title');
  const name = profile?.student.displayName;
  useEffect(() => {
    document.title = name ? `${name} · Tally` : 'Tally';
  }, [name]);
  return html`
    <${Frame} who=${me?.subject}>
      <div class="heading">
        <h1>${heading}</h1>
        <${Live} />
      </div>
      ${problem && html`<${ProblemBox} problem=${problem} retry=${load} />`}
      ${!problem && html`<${Cards} profiles=${profiles} profile=${profile} isOwn=${isOwn} />`}
      ${profiles && id !== undefined && !profile && html`<${NotFound} />`}
      ${profile && html`<${Record} key=${profile.student.id} profile=${profile} />`}
      <${News} profiles=${profiles} />
    <//>
    <${ConnectionNote} />
  `;
}

function Cards({ profiles, profile, isOwn }) {
  if (!profiles) {
    return html`<div class="cards" aria-busy="true">
      <p class="unseen">${t('common.loading')}</p>
      <${CardSkeleton} />
    </div>`;
  }
  if (profiles.length === 0) {
    const who = isOwn ? 'noRecord' : 'noChildren';
    return html`<${Empty} title=${t(`family.${who}.title`)}>${t(`family.${who}.text`)}<//>`;
  }
  const isOnly = profiles.length === 1;
  return html`<div class="cards ${isOnly ? 'only' : ''}">
    ${profiles.map(
      (one) => html`<${Card} key=${one.student.id} profile=${one} isChosen=${one === profile} isOnly=${isOnly} />`,
    )}
  </div>`;
}

function NotFound() {
  return html`<${Empty} title=${t('family.notFound.title')}>${t('family.notFound.text')}<//>`;
}

/** Whether numbers come by themselves. Its place is kept when it is not there. */
function Live() {
  const isLive = useStore(connection) === 'live';
  return html`<span class="live" data-live=${isLive}>
    ${isLive && html`<${Badge} tone="good"><span class="dot" aria-hidden="true"></span>${t('family.live')}<//>`}
  </span>`;
}

render(html`<${Family} />`, document.getElementById('page'));
