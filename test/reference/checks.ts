/** One compared figure, and the table of all of them. */

export interface Check {
  readonly name: string
  /** What was measured, for people. */
  readonly figure: string
  /** What it must be, for people. */
  readonly bar: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
}

/** A check that a number stays below a bar. */
export function below(name: string, figure: number, bar: number, unit = ''): Check {
  const outcome = figure < bar ? 'passed' : 'failed'
  return {
    name,
    figure: `${figure.toExponential(1)}${unit}`,
    bar: `< ${bar.toExponential(0)}${unit}`,
    outcome,
  }
}

/** A check that all of a number of things are the same; `first` says where they are not. */
export function same(name: string, equal: number, all: number, first: string | undefined): Check {
  const figure = `${equal} of ${all}${first === undefined ? '' : `; first: ${first}`}`
  return { name, figure, bar: `all ${all}`, outcome: equal === all ? 'passed' : 'failed' }
}

/** How many lists are the same on both sides, and where the first that is not begins to differ. */
export function sameLists(
  name: string,
  ours: readonly (readonly number[])[],
  theirs: readonly (readonly number[])[],
): Check {
  const differing = ours.findIndex((list, index) => list.join() !== theirs[index]?.join())
  const equal = ours.filter((list, index) => list.join() === theirs[index]?.join()).length
  if (differing < 0) return same(name, equal, theirs.length, undefined)
  const [our, their] = [ours[differing] ?? [], theirs[differing] ?? []]
  const at = our.findIndex((token, index) => token !== their[index])
  return same(name, equal, theirs.length, `list ${differing} at ${at}: ${our[at]} for ${their[at]}`)
}

export function skipped(name: string, reason: string): Check {
  return { name, figure: reason, bar: '', outcome: 'skipped' }
}

/** The table, and the line of counts at its end. */
export function report(checks: readonly Check[]): string {
  const rows = [
    ['check', 'figure', 'bar', ''],
    ...checks.map(({ name, figure, bar, outcome }) => [name, figure, bar, outcome]),
  ]
  const widths = [0, 1, 2].map(column => Math.max(...rows.map(row => row[column]!.length)))
  const lines = rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const count = (outcome: Check['outcome']) => checks.filter(check => check.outcome === outcome).length
  const counts = `${count('passed')} passed, ${count('failed')} failed`
  return [...lines, '', count('skipped') > 0 ? `${counts}, ${count('skipped')} skipped` : counts].join('\n')
}
