import { findItemIgnoringCase, listItems } from './catalog.js';

/** The known name that was most likely meant, or undefined when nothing is near. */
export function suggestName(name: string): string | undefined {
  const folded = name
    .trim()
    .toLowerCase()
    .replaceAll(/[_.\s]+/g, '-');
  const sameButCase = findItemIgnoringCase(folded);
  if (sameButCase) return sameButCase.name;
  const tolerance = folded.length < 5 ? 1 : folded.length < 12 ? 2 : 3;
  let best: string | undefined;
  let bestDistance = tolerance + 1;
  for (const item of listItems()) {
    if (Math.abs(item.name.length - folded.length) >= bestDistance) continue;
    const distance = editDistance(folded, item.name.toLowerCase());
    if (distance < bestDistance) {
      best = item.name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance in which swapped neighbours count once. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (beforePrevious[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
