/**
 * Which chunks to ask whom for, and which to send: pure functions of their arguments, called alike by the fetcher, the
 * provider and the simulation in test/bench. A chunk is its number in the base's outline.
 *
 * A fetcher ranks what it lacks (`rank`: rarest first, ties at random, so that nodes that start together ask for
 * different things) and sends many candidates for few chunks; the provider takes those it has sent least often
 * (`choose`). So a first holder sends every chunk once before it sends any twice, whoever asks, and what is rare
 * spreads first. Requests are sized by `sizing` to what a link brings; at the end `endGame` says what may be asked for
 * twice. Rejected: tit for tat (a community's members need no incentive, and newcomers would starve).
 */

/** Numbers from 0 up to but not including 1. */
export type Random = () => number

/** A repeatable sequence (Marsaglia's xorshift on 32 bits). */
export function seededRandom(seed: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 32
  }
}

/**
 * The `limit` rarest of `wanted`, rarest first, equally rare ones in random order. `availability(chunk)` is the number
 * of known peers that hold it. Takes time in proportion to `wanted`, and memory for no more than is asked for: of those
 * alike a sample is kept (Vitter's algorithm R), for a large base has tens of thousands of them, at every request.
 */
export function rank(
  wanted: Iterable<number>,
  availability: (chunk: number) => number,
  random: Random,
  limit: number,
): number[] {
  const byRarity: { seen: number; readonly sample: number[] }[] = []
  for (const chunk of wanted) {
    const rarity = availability(chunk)
    let alike = byRarity[rarity]
    if (alike === undefined) {
      alike = { seen: 0, sample: [] }
      byRarity[rarity] = alike
    }
    alike.seen++
    const place = alike.seen <= limit ? alike.seen - 1 : Math.floor(random() * alike.seen)
    if (place < limit) alike.sample[place] = chunk
  }
  const ranked: number[] = []
  for (const alike of byRarity) {
    if (alike === undefined) continue
    const { sample } = alike
    for (let left = sample.length; left > 0 && ranked.length < limit; left--) {
      const at = Math.floor(random() * left)
      ranked.push(sample[at]!)
      sample[at] = sample[left - 1]!
    }
  }
  return ranked
}

/** The `count` of `candidates` that were sent least often; of those alike, the first. */
export function choose(
  candidates: readonly number[],
  timesServed: (chunk: number) => number,
  count: number,
): number[] {
  return candidates
    .map((chunk, order) => ({ chunk, order, served: timesServed(chunk) }))
    .sort((a, b) => a.served - b.served || a.order - b.order)
    .slice(0, count)
    .map(({ chunk }) => chunk)
}

/**
 * How many candidates to send for `count` chunks when `askable` chunks may be asked of this peer and `peers` share in the
 * work: a fair part of them, so that the provider has a choice while much is left, and what waits for one peer's turn is
 * not withheld from the others.
 */
export function candidateCount(askable: number, peers: number, count: number, most: number): number {
  const share = Math.floor(askable / Math.max(1, peers))
  return Math.min(askable, most, Math.max(count, share))
}

/** A chunk is no longer rare when so many hold it: the first holder and two more. */
export const NOT_RARE = 3

/**
 * Whether to ask the only peer that holds all of a base for what is rare alone, because others pass on the rest as fast:
 * `rate` is its own, `others` are those of the peers that hold a part and have sent some. So a first holder's upload
 * stays near one copy, unless it is much faster than they are.
 */
export function spares(rate: number | undefined, others: readonly number[]): boolean {
  if (others.length < NOT_RARE) return false
  const mean = others.reduce((sum, other) => sum + other, 0) / others.length
  return rate === undefined || rate <= 2 * mean
}

/** A link as it was measured. */
export interface Link {
  /** Bytes a second from this peer; `undefined` before anything came. */
  readonly rate: number | undefined
  /** Milliseconds for a question and its answer. */
  readonly roundTripMs: number
}

export interface Sizing {
  /** Chunks of one request. */
  readonly chunks: number
  /** Requests to have under way: one that is served, and those that keep it from pausing in between. */
  readonly depth: number
}

const REQUEST_MS = 250
const MOST_BYTES = 8 << 20
const MOST_DEPTH = 4
/** A request that takes longer needs no second one behind it: the pause between the two is short beside it. */
const LONG_MS = 1000

/**
 * Requests of a quarter of a second each, or two round trips where those take longer, from one chunk to 8 MiB; enough
 * of them to cover a round trip. Of a peer that was not measured yet, one chunk. `chunkBytes` is the mean length of one.
 */
export function sizing({ rate, roundTripMs }: Link, chunkBytes: number, mostChunks: number): Sizing {
  if (rate === undefined) return { chunks: 1, depth: 1 }
  const wanted = (rate * Math.max(REQUEST_MS, 2 * roundTripMs)) / 1000
  const chunks = Math.min(mostChunks, Math.max(1, Math.floor(Math.min(wanted, MOST_BYTES) / chunkBytes)))
  const tookMs = (1000 * chunks * chunkBytes) / rate
  if (tookMs > LONG_MS + 10 * roundTripMs) return { chunks, depth: 1 }
  return { chunks, depth: Math.min(MOST_DEPTH, 2 + Math.floor(roundTripMs / tookMs)) }
}

/** A chunk that someone has been asked for and has not sent. */
export interface Pending {
  readonly chunk: number
  /** How many peers were asked for it. */
  readonly asked: number
  /** Milliseconds since the last of them was asked. */
  readonly ageMs: number
}

/** Peers asked at most for one chunk. */
export const END_GAME_COPIES = 3

/**
 * When nothing is left that nobody was asked for: which of the pending chunks to ask another peer for as well, longest
 * pending first. Only what has been pending longer than `expectedMs`, the time in which this peer should bring it.
 */
export function endGame(pending: Iterable<Pending>, expectedMs: number, count: number): number[] {
  return [...pending]
    .filter(({ asked, ageMs }) => asked < END_GAME_COPIES && ageMs > expectedMs)
    .sort((a, b) => a.asked - b.asked || b.ageMs - a.ageMs)
    .slice(0, count)
    .map(({ chunk }) => chunk)
}
