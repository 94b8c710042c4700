/**
 * Which items a training run gets: the new ones, a share of the older ones again, a slice that tells when to stop, and
 * the newest, which nobody is trained on.
 *
 * New is what no ancestor was trained on, whatever its time: mail of years ago that was imported yesterday is new. A
 * node that forgot the older items would forget what they taught, so some of them are replayed; which, the seed says.
 * The slice that decides when to stop is the newest part of the new items, and is trained on by the next version. Rejected:
 * telling new from old by time alone, which loses what is imported late; replaying everything, whose cost grows with
 * the history.
 */
import { OppuError } from '../../protocol/errors.ts'
import type { Example } from '../model/batch.ts'
import { randomFrom, shuffle } from '../model/random.ts'
import { split } from './examples.ts'
import type { HistoryItem } from './history.ts'

/** Share of a run's items that are older ones again, unless told otherwise. */
export const DEFAULT_REPLAY = 0.25
/** Share of the new items that tells when to stop, unless told otherwise, and the fewest new items for that. */
export const DEFAULT_VALIDATION = 0.1
export const VALIDATION_FROM = 20
/** More would cost every measurement more than it tells. */
export const MAX_VALIDATION = 200

/** What the adapters that a run continues from know of the history. */
export interface Past {
  /** Items that one of them was trained on. */
  readonly trained: ReadonlySet<string>
  /** Items that told the newest of them when to stop: not trained on, but no news either. */
  readonly validation: ReadonlySet<string>
}

export const NO_PAST: Past = { trained: new Set(), validation: new Set() }

export interface ContinualOptions {
  /** Share of all items, the newest, that is kept back. */
  readonly holdOut: number
  /** Share of the items of the run that are older ones. */
  readonly replay: number
  /** Share of the new items that tells when to stop; 0: none. undefined: DEFAULT_VALIDATION where there are enough. */
  readonly validation: number | undefined
  readonly seed: number
  /** How many adapters were trained before, one from the other: each draws older items of its own. */
  readonly generation: number
  /** Makes tokens of items, in their order; leaves out what does not fit, and says what. */
  readonly encode: (items: readonly HistoryItem[]) => Promise<Encoded>
}

export interface Encoded {
  readonly examples: readonly Example[]
  readonly leftOut: readonly string[]
}

export interface Lot {
  /** What is trained on, oldest first: new and replayed items. */
  readonly examples: readonly Example[]
  readonly fresh: number
  readonly replayed: number
  readonly validation: readonly Example[]
  /** The newest items; among them none of `past`. */
  readonly heldOut: readonly HistoryItem[]
  /** New items whose answer alone is too long. */
  readonly leftOut: number
}

/**
 * undefined: there is nothing new since `past`.
 * @throws OppuError NO_USABLE_ITEMS: no items, too few to split in time, or none that fits.
 */
export async function drawLot(
  items: readonly HistoryItem[],
  past: Past,
  options: ContinualOptions,
): Promise<Lot | undefined> {
  if (items.length === 0) throw new OppuError('NO_USABLE_ITEMS', 'there is no history to train on')
  const { training, heldOut } = split(items, options.holdOut)
  const candidates = training.filter(({ id }) => !past.trained.has(id))
  const { examples, leftOut } = await options.encode(candidates)
  if (!examples.some(({ id }) => !past.validation.has(id))) {
    if (past.trained.size > 0 || past.validation.size > 0) return undefined
    throw new OppuError(
      'NO_USABLE_ITEMS',
      `none of the ${training.length} items to train on fits the base: their answers are too long`,
    )
  }
  const fitting = new Set(examples.map(({ id }) => id))
  const stopping = new Set(
    stoppingItems(
      candidates.filter(({ id }) => fitting.has(id)),
      options.validation,
    ),
  )
  const fresh = examples.filter(({ id }) => !stopping.has(id))
  const older = training.filter(({ id }) => past.trained.has(id))
  const { examples: replayed } = await options.encode(drawOlder(older, fresh.length, options))
  const order = new Map(training.map(({ id }, index) => [id, index]))
  return {
    examples: [...fresh, ...replayed].sort((a, b) => order.get(a.id)! - order.get(b.id)!),
    fresh: fresh.length,
    replayed: replayed.length,
    validation: examples.filter(({ id }) => stopping.has(id)),
    heldOut: heldOut.filter(({ id }) => !past.trained.has(id) && !past.validation.has(id)),
    leftOut: leftOut.length,
  }
}

/** Ids of the newest share. Unasked for, none where the items are few or cannot be split in time. */
function stoppingItems(items: readonly HistoryItem[], share: number | undefined): readonly string[] {
  if (share === 0 || (share === undefined && items.length < VALIDATION_FROM)) return []
  const wanted = Math.min(share ?? DEFAULT_VALIDATION, MAX_VALIDATION / items.length)
  try {
    return split(items, wanted).heldOut.map(({ id }) => id)
  } catch (error) {
    if (share === undefined) return []
    throw error
  }
}

/** So many of the older items that they are `replay` of the run, or all of them. */
function drawOlder(
  older: readonly HistoryItem[],
  fresh: number,
  { replay, seed, generation }: ContinualOptions,
): readonly HistoryItem[] {
  if (!(replay >= 0 && replay < 1)) throw new TypeError(`replay is from 0 to below 1, not ${replay}`)
  const count = Math.round((fresh * replay) / (1 - replay))
  return shuffle([...older], randomFrom(seed, 5, generation)).slice(0, count)
}
