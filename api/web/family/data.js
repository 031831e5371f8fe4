// The records of the viewer's children, or the viewer's own: asked for once, then followed.

import { ask } from '../app/graphql.js';
import { follow, onReturn } from '../app/live.js';
import { store } from '../app/store.js';

const CHILD = `fragment Child on StudentProfile {
  version isStale lastPerformanceUpdate
  student { id displayName }
  totalQuizzesCompleted overallQuizAverageScore
  totalAssignmentsCompleted overallAssignmentAverageScore
  overallAverageScore
  trend { direction itemCount since slope { pointsPerWeek } }
  enrollments { id status course { title } overallShare { points weight count } }
  recentActivity(first: 8) { nodes { ...Item } pageInfo { hasNextPage endCursor } }
  weeklyPerformance(from: $from, to: $to) {
    monday quizzesCompleted averageQuizScore assignmentsCompleted averageAssignmentScore itemsCompleted averageScore
  }
}`;

const ITEM = `fragment Item on ActivityItem { id kind title course { title } at score state leftOut }`;

const FAMILY = `query Family($from: Date, $to: Date) {
  me { role subject children { ...Child } profile { ...Child } }
} ${CHILD} ${ITEM}`;

const CHILDREN = `subscription Children($from: Date, $to: Date) {
  myChildrenUpdated { ...Child }
} ${CHILD} ${ITEM}`;

const OWN = `subscription Own($student: ID!, $from: Date, $to: Date) {
  performanceUpdated(studentId: $student) { ...Child }
} ${CHILD} ${ITEM}`;

const MORE = `query More($student: ID!, $after: String) {
  recentActivity(studentId: $student, first: 20, after: $after) { nodes { ...Item } pageInfo { hasNextPage endCursor } }
} ${ITEM}`;

/** How many weeks are shown at most: those of a school year. */
const WEEKS = 40;
const WEEK = 7 * 86_400_000;
/** How old what is shown may be when somebody looks at the page again. */
const FRESH = 60_000;

/** `{ me, profiles, problem }`: who is signed in and the records in their order, once they are known. */
export const family = store({});

/** When the records were last asked for. */
let askedAt = 0;
let stop = () => {};

/** Asks for the records and follows them from then on. */
export async function load() {
  askedAt = Date.now();
  try {
    const { me } = await ask(FAMILY, span());
    const found = me.role === 'STUDENT' ? [me.profile].filter(Boolean) : me.children;
    const isFirst = !family.get().me;
    family.set({ me, profiles: found.map(newest) });
    if (isFirst) start();
  } catch (problem) {
    // What is known is better than nothing; that it may be old is said elsewhere.
    if (!family.get().me) family.set({ problem });
  }
}

/** The items of a student after those that are known. */
export async function moreActivity(student, after) {
  return (await ask(MORE, { student, after })).recentActivity;
}

function start() {
  const { me, profiles } = family.get();
  stop();
  if (me.role === 'GUARDIAN') {
    stop = follow(CHILDREN, span(), { next: (data) => take(data.myChildrenUpdated) });
  } else if (profiles.length > 0) {
    const variables = { student: profiles[0].student.id, ...span() };
    stop = follow(OWN, variables, { next: (data) => take(data.performanceUpdated) });
  }
}

/** Puts a record that has come in its place. A child who is new to the family is asked for with all the others. */
function take(profile) {
  const { profiles, ...rest } = family.get();
  if (!profiles.some((known) => isSame(known, profile))) return load();
  family.set({ ...rest, profiles: profiles.map((known) => (isSame(known, profile) ? newest(profile) : known)) });
}

/** Of two answers the one with the greater version is the newer, whichever came first. */
function newest(profile) {
  const known = family.get().profiles?.find((known) => isSame(known, profile));
  return known && known.version > profile.version ? known : profile;
}

function isSame(one, other) {
  return one.student.id === other.student.id;
}

/** The weeks that are asked for. The school may be a day ahead, so one too many is, and is left out if it is empty. */
function span() {
  const day = (milliseconds) => new Date(milliseconds).toISOString().slice(0, 10);
  return { from: day(Date.now() - WEEKS * WEEK), to: day(Date.now() + WEEK) };
}

onReturn(load);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && Date.now() - askedAt > FRESH) load();
});
load();
