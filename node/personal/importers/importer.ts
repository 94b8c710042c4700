/**
 * What every importer is: a generator that reads a source once and says of each entry whether it became an item,
 * was refused (the file is wrong there) or passed over (the entry is fine and not the user's). One bad entry never
 * ends an import. Importers hold one entry at a time and know nothing of the store; personal/import.ts joins the
 * two.
 */
import type { NewItem } from '../history.ts'

export type Imported =
  | { readonly kind: 'item'; readonly item: NewItem }
  | { readonly kind: 'refused'; readonly line: number; readonly reason: string }
  | { readonly kind: 'skipped'; readonly line: number; readonly reason: string }

export interface ImportOptions {
  /** What items' `source` begins with: a file's name. */
  readonly source: string
  /**
   * Milliseconds since 1970 for entries without a time, to which the entry's number is added; so file order is
   * kept.
   */
  readonly time: number
  /** Items' task where the entry names none. Each importer has its own default. */
  readonly task?: string
  /** mail: the user's own address or name. */
  readonly author?: string
  /** mail: learn what they write (`text`, default) or how they title it (`subject`). */
  readonly mail?: 'text' | 'subject'
  /** lamp: whose history; needed where the file has more than one. */
  readonly user?: string
  readonly signal?: AbortSignal
}

/** Characters of one item's input or output; what is longer is refused. */
export const MAX_ITEM_CHARACTERS = 1 << 20

const TASK = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Checks what every item must be. Gives the item, or the reason why it is none. */
export function checkItem(item: NewItem): NewItem | string {
  if (!TASK.test(item.task)) return 'the task is not a word of letters, digits, ".", "_", "-" (at most 64)'
  if (item.output.trim() === '') return 'the output is empty'
  for (const [name, text] of [
    ['input', item.input],
    ['output', item.output],
  ] as const) {
    if (text.length > MAX_ITEM_CHARACTERS)
      return `the ${name} has more than ${MAX_ITEM_CHARACTERS} characters`
    if (!text.isWellFormed()) return `the ${name} holds half a surrogate pair, which is not text`
  }
  return item
}

export function imported(line: number, item: NewItem | string): Imported {
  const checked = typeof item === 'string' ? item : checkItem(item)
  return typeof checked === 'string'
    ? { kind: 'refused', line, reason: checked }
    : { kind: 'item', item: checked }
}

const ISO = /^[+-]?\d{4,6}(-\d\d(-\d\d)?)?([T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?)?$/
const LAST_TIME = 253_402_300_799_999 // the end of the year 9999

/**
 * Milliseconds since 1970 from an ISO date (UTC where it has no zone), or a number of milliseconds, or of seconds
 * where it is below 1e11. `undefined` for anything else.
 */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === 'number') {
    const time = Math.round(Math.abs(value) < 1e11 ? value * 1000 : value)
    return Number.isFinite(time) && Math.abs(time) <= LAST_TIME ? time : undefined
  }
  if (typeof value !== 'string') return undefined
  const match = ISO.exec(value.trim())
  if (!match) return undefined
  const zoned = match[3] && !match[6] ? `${value.trim()}Z` : value.trim()
  const time = Date.parse(zoned.replace(' ', 'T'))
  return Number.isNaN(time) ? undefined : time
}
