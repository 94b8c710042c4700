/**
 * What a command says, and where: results go to stdout (text, or one JSON value with `--json`), everything else
 * (progress, notes, warnings, errors) to stderr, so that a pipe sees results only. On a terminal a progress line
 * rewrites itself; elsewhere it becomes a plain line every few seconds.
 */
import { stderr, stdout } from 'node:process'

/** Seconds between progress lines where stderr is not a terminal. */
const PLAIN_INTERVAL = 5
/** Milliseconds between redraws on a terminal. */
const REDRAW_INTERVAL = 100

export class Terminal {
  readonly json: boolean
  #line = ''
  #lastShown: number | undefined

  constructor(options: { readonly json?: boolean } = {}) {
    this.json = options.json ?? false
  }

  /** Prints a command's result: `value` as one JSON line with `--json`, else `text` (default: nothing). */
  result(value: unknown, text?: string): void {
    this.#clear()
    if (this.json) stdout.write(`${JSON.stringify(value)}\n`)
    else if (text !== undefined) stdout.write(`${printable(text)}\n`)
  }

  /** With `--json`, one line about what goes on, before the result's; people are told otherwise. */
  event(value: unknown): void {
    if (this.json) stdout.write(`${JSON.stringify(value)}\n`)
  }

  /** A piece of a text result as it comes, where results are for people. */
  piece(text: string): void {
    if (!this.json) stdout.write(printable(text))
  }

  /** A lasting line on stderr. */
  note(text: string): void {
    this.#clear()
    stderr.write(`${printable(text)}\n`)
  }

  /** Shows how a long step stands. A later call replaces an earlier one; `progressDone` says how it ended. */
  progress(text: string): void {
    const now = Date.now()
    if (stderr.isTTY) {
      if (now - (this.#lastShown ?? 0) < REDRAW_INTERVAL) return
      const fitted = printable(text).slice(0, Math.max(20, (stderr.columns || 80) - 1))
      stderr.write(`\r\x1b[K${fitted}`)
      this.#line = fitted
    } else {
      this.#lastShown ??= now
      if (now - this.#lastShown < PLAIN_INTERVAL * 1000) return
      stderr.write(`${text}\n`)
    }
    this.#lastShown = now
  }

  progressDone(text: string): void {
    this.note(text)
    this.#lastShown = undefined
  }

  #clear(): void {
    if (this.#line === '') return
    stderr.write('\r\x1b[K')
    this.#line = ''
  }
}

/** Text without the characters that steer a terminal: what comes from mail, models or peers must not. */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(STEERING, '\uFFFD')
}

/** Control characters but tab and line feed. */
const STEERING = /[^\P{Cc}\t\n]/gu

/** A number, with a unit or not, or nothing. */
const NUMBER = /^([-+]?\d+(\.\d+)?( ?[kMGT]?B| %)?)?$/

/** Rows as aligned columns; columns of numbers are right-aligned. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map(row => row[column]!.length)),
  )
  const numeric = header.map((_, column) => rows.length > 0 && rows.every(row => NUMBER.test(row[column]!)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd()
  return [line(header), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** Bytes for people: 12.3 MB (powers of ten). */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let [value, unit] = [bytes, 0]
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`
}

/** Seconds for people: 0.8 s, 42 s, 3 min 20 s, 2 h 5 min. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?'
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
