// Two sides in turn, in many short rounds, so that what the machine does meanwhile meets both alike.
// A ratio is made of the two figures of one round; what counts is the median.

/**
 * @param base, side functions that measure once
 * @returns the median of each, and how often `side` goes into `base`
 */
export async function compare(base, side, rounds) {
  const figures = [];
  // Two rounds that do not count: compilers and caches warm up in them.
  for (let round = -2; round < rounds; round++) {
    // Neither is always the first.
    const order = round % 2 === 0 ? [base, side] : [side, base];
    const [first, second] = [await order[0](), await order[1]()];
    if (round >= 0) figures.push(round % 2 === 0 ? [first, second] : [second, first]);
  }
  return {
    base: median(figures.map(([one]) => one)),
    side: median(figures.map(([, other]) => other)),
    ratio: median(figures.map(([one, other]) => one / other)),
  };
}

export function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Does something `count` times, `many` at once. */
export async function inCrowd(count, many, work) {
  let left = count;
  const one = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: many }, one));
}
