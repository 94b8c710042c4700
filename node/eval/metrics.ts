/**
 * The tasks' metrics, as pure functions; what they are called on is the scorer's and the generator's business.
 *
 * ROUGE follows Google's `rouge-score` (1.x) without stemming, to the last bit in the tests: lower case, every run
 * of characters other than a-z and 0-9 is a border, F-measure of precision and recall, 0 where either side is
 * empty. (So text in other alphabets scores 0, as there.) Accuracy and F1 compare trimmed strings; F1 is
 * scikit-learn's macro average.
 */

/** Mean of numbers; NaN for none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** `rouge1`: F-measure of the words in common, each as often as it is in both. In [0, 1]. */
export function rouge1(gold: string, predicted: string): number {
  const goldWords = words(gold)
  const predictedWords = words(predicted)
  const counts = new Map<string, number>()
  for (const word of goldWords) counts.set(word, (counts.get(word) ?? 0) + 1)
  let common = 0
  for (const word of predictedWords) {
    const left = counts.get(word) ?? 0
    if (left > 0) common++
    counts.set(word, left - 1)
  }
  return fMeasure(common, goldWords.length, predictedWords.length)
}

/** `rougeL`: F-measure of the longest common subsequence of words. In [0, 1]. */
export function rougeL(gold: string, predicted: string): number {
  const goldWords = words(gold)
  const predictedWords = words(predicted)
  let row = new Uint32Array(predictedWords.length + 1)
  for (const word of goldWords) {
    const next = new Uint32Array(row.length)
    for (const [i, other] of predictedWords.entries()) {
      next[i + 1] = word === other ? row[i]! + 1 : Math.max(row[i + 1]!, next[i]!)
    }
    row = next
  }
  return fMeasure(row.at(-1) ?? 0, goldWords.length, predictedWords.length)
}

function words(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(word => word !== '')
}

function fMeasure(common: number, gold: number, predicted: number): number {
  const precision = predicted === 0 ? 0 : common / predicted
  const recall = gold === 0 ? 0 : common / gold
  return precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0
}

/** Whether two answers are the same but for space around them. */
export function exactMatch(gold: string, predicted: string): boolean {
  return gold.trim() === predicted.trim()
}

/** Fraction of exact matches; NaN for none. @throws TypeError when the lists differ in length. */
export function accuracy(gold: readonly string[], predicted: readonly string[]): number {
  return mean(pairs(gold, predicted).map(([a, b]) => (exactMatch(a, b) ? 1 : 0)))
}

/**
 * Macro-averaged F1 over `labels` (default: every label in either list); 0 for a label that is never predicted
 * rightly.
 * @throws TypeError when the lists differ in length.
 */
export function macroF1(
  gold: readonly string[],
  predicted: readonly string[],
  labels?: readonly string[],
): number {
  const trimmed = pairs(gold, predicted).map(([a, b]) => [a.trim(), b.trim()] as const)
  const scored = labels ?? [...new Set(trimmed.flat())]
  return mean(
    scored.map(label => {
      const right = trimmed.filter(([a, b]) => a === label && b === label).length
      const wrong = trimmed.filter(([a, b]) => (a === label) !== (b === label)).length
      return right === 0 ? 0 : (2 * right) / (2 * right + wrong)
    }),
  )
}

/** Mean absolute error. @throws TypeError when the lists differ in length. */
export function meanAbsoluteError(gold: readonly number[], predicted: readonly number[]): number {
  return mean(pairs(gold, predicted).map(([a, b]) => Math.abs(a - b)))
}

/** Root of the mean squared error. @throws TypeError when the lists differ in length. */
export function rootMeanSquaredError(gold: readonly number[], predicted: readonly number[]): number {
  return Math.sqrt(mean(pairs(gold, predicted).map(([a, b]) => (a - b) ** 2)))
}

/**
 * The number that `text` is; where it is none, the end of `range` farther from `gold`, as LaMP's own evaluation
 * does, so that an unreadable answer is the worst one.
 */
export function parseRating(
  text: string,
  gold: number,
  range: readonly [lowest: number, highest: number],
): number {
  const trimmed = text.trim()
  const value = trimmed === '' ? Number.NaN : Number(trimmed)
  if (Number.isFinite(value)) return value
  const [lowest, highest] = range
  return Math.abs(lowest - gold) > Math.abs(highest - gold) ? lowest : highest
}

function pairs<T>(gold: readonly T[], predicted: readonly T[]): (readonly [T, T])[] {
  if (gold.length !== predicted.length)
    throw new TypeError(`${gold.length} gold answers and ${predicted.length} predictions`)
  return gold.map((value, i) => [value, predicted[i]!] as const)
}
