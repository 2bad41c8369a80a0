// What somebody meant who wrote a name that there is not.

/** How many letters may be wrong, in names of at least this length each. */
const PER_LETTERS = 3;

/** The known name that is nearest to a misspelt one; undefined where none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  const near = known
    .map((one) => ({ one, distance: distanceOf(wanted, plain(one)) }))
    .filter(({ one, distance }) => distance <= Math.min(wanted.length, one.length) / PER_LETTERS)
    .toSorted((a, b) => a.distance - b.distance);
  return near[0]?.one;
}

/** `app_id`, `app-id` and `APPID` are all spellings of `appId`. */
function plain(name: string): string {
  // A name that long is none of ours, and comparing takes its length times ours.
  return name.slice(0, 64).toLowerCase().replace(/[_-]/g, '');
}

/** How many letters have to be put in, left out or changed (Levenshtein's distance). */
function distanceOf(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(changed, above[j]! + 1, row[j - 1]! + 1));
    }
    above = row;
  }
  return above[b.length]!;
}
