/** A training curve for people: a line of bars, and a few of its points in figures. */
import type { CurvePoint } from '../node/store/adapter-record.ts'
import { table } from './terminal.ts'

const BARS = '▁▂▃▄▅▆▇█'
const MAX_BARS = 60
const MAX_ROWS = 8

/** Losses from left to right, the highest as the tallest bar; and so many of the points, the first and the last among them. */
export function describeCurve(curve: readonly CurvePoint[]): string {
  const losses = curve.map(({ loss }) => loss)
  const measured = curve.flatMap(({ validationLoss }) =>
    validationLoss === undefined ? [] : [validationLoss],
  )
  const lines = [`loss        ${sparkline(losses)}  ${range(losses)}`]
  if (measured.length > 0) lines.push(`validation  ${sparkline(measured)}  ${range(measured)}`)
  const columns = COLUMNS.filter(({ of }) => curve.some(point => of(point) !== undefined))
  return [
    ...lines,
    table(
      columns.map(({ title }) => title),
      rowsOf(curve).map(point => columns.map(({ of, show }) => shown(of(point), show))),
    ),
  ].join('\n')
}

/** One bar for each value, or for the mean of several where there are too many. */
export function sparkline(values: readonly number[], width = MAX_BARS): string {
  const count = Math.min(width, values.length)
  const heights = Array.from({ length: count }, (_, bar) => {
    const part = values.slice(
      Math.floor((bar * values.length) / count),
      Math.floor(((bar + 1) * values.length) / count),
    )
    return part.reduce((sum, value) => sum + value, 0) / part.length
  })
  const [lowest, highest] = [Math.min(...heights), Math.max(...heights)]
  const span = highest - lowest || 1
  return heights.map(height => BARS[Math.round(((height - lowest) / span) * (BARS.length - 1))]).join('')
}

interface Column {
  readonly title: string
  readonly of: (point: CurvePoint) => number | undefined
  readonly show: (value: number) => string
}

const COLUMNS: readonly Column[] = [
  { title: 'step', of: ({ step }) => step, show: String },
  { title: 'loss', of: ({ loss }) => loss, show: value => value.toFixed(3) },
  { title: 'validation', of: ({ validationLoss }) => validationLoss, show: value => value.toFixed(3) },
  { title: 'rate', of: ({ learningRate }) => learningRate, show: value => value.toExponential(1) },
  { title: 'gradient', of: ({ gradientNorm }) => gradientNorm, show: value => value.toPrecision(2) },
]

function shown(value: number | undefined, show: (value: number) => string): string {
  return value === undefined ? '' : show(value)
}

function range(values: readonly number[]): string {
  return `${values[0]!.toFixed(3)} to ${values.at(-1)!.toFixed(3)}`
}

/** Points at even distances; where validation items were measured, only such, but for the first and the last. */
function rowsOf(curve: readonly CurvePoint[]): readonly CurvePoint[] {
  const measured = curve.filter(({ validationLoss }) => validationLoss !== undefined)
  const telling = new Set(measured.length > 0 ? [curve[0]!, ...measured, curve.at(-1)!] : curve)
  const points = [...telling]
  if (points.length <= MAX_ROWS) return points
  return Array.from(
    { length: MAX_ROWS },
    (_, row) => points[Math.round((row * (points.length - 1)) / (MAX_ROWS - 1))]!,
  )
}
