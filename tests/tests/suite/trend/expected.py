"""Makes expected.csv, with statsmodels 0.15.0 and scipy 1.17.1: python3 expected.py > expected.csv

The students' results come from a generator of a few lines, which pupils.rs has too.
"""

import math

import statsmodels.api as sm
from scipy import stats

WEEK = 7 * 24 * 60 * 60
NOW = 1_772_438_400  # 2026-03-02T08:00:00Z, a Monday
WINDOW = 8


class Random:
    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit


def results(student):
    """Seconds before now and hundredths of a percent."""
    random = Random(student)
    count, base, drift = 2 + random.below(26), 4000 + random.below(5000), random.below(601) - 300
    noise = 1 + student % 10 * 250
    for _ in range(count):
        ago = random.below(9 * WEEK)
        score = base + drift * (9 * WEEK - ago) // WEEK + random.below(noise)
        yield ago, min(max(score, 0), 99_999)


def row(student):
    items = [(ago, score) for ago, score in results(student) if ago < WINDOW * WEEK]
    # Monday begins a week; the epoch was a Thursday.
    weeks = len({(NOW - ago + 3 * 24 * 60 * 60) // WEEK for ago, _ in items})
    if len(items) < 5 or weeks < 3:
        return [student, len(items), weeks, "INSUFFICIENT_DATA", "", "", ""]
    x = [-ago / WEEK for ago, _ in items]
    y = [score / 100 for _, score in items]
    weights = [2 ** (at / (WINDOW / 2)) for at in x]
    fit = sm.WLS(y, sm.add_constant(x), weights=weights).fit()
    slope, (low, high) = fit.params[1], fit.conf_int(0.1)[1]
    # With equal weights it is scipy's line.
    line = stats.linregress(x, y)
    assert math.isclose(sm.WLS(y, sm.add_constant(x)).fit().params[1], line.slope, rel_tol=1e-9, abs_tol=1e-9)
    direction = "STEADY"
    if abs(slope) >= 0.5 and (low > 0 or high < 0):
        direction = "IMPROVING" if slope > 0 else "DECLINING"
    return [student, len(items), weeks, direction, *(f"{value:.10g}" for value in (slope, low, high))]


print("student,items,weeks,direction,slope,low,high")
for student in range(200):
    print(*row(student), sep=",")
