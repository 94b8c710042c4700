/**
 * The hash tree over the chunks of one file, shaped as in RFC 9162 (Certificate Transparency 2.0), section 2.1: a
 * list of n > 1 leaves splits at the largest power of two below n. A leaf binds a chunk's place as well as its bytes,
 * so that a run of the chunk list, shown with the nodes to its left and right, is provable from the root alone: which
 * chunks there are, where each lies and how long it is.
 *
 * Hashes are kept 32 bytes each in one array: a file of 128 GiB has some 131,000 leaves. Leaves to outline.ts what
 * the chunks of a base are. Rejected: BLAKE3's built-in tree (Node has no BLAKE3, and every chunk here already has
 * its SHA-256) and a proof for every single chunk (17 nodes each where a run of 1000 needs some 20 in all).
 */
import { sha256 } from './canonical.ts'

const BYTES = 32
const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

/** The leaf of a chunk of `length` bytes at byte `offset` of its file, whose SHA-256 is `hash`. */
export function leafHash(offset: number, length: number, hash: Uint8Array): Uint8Array {
  const place = Buffer.alloc(12)
  place.writeBigUInt64BE(BigInt(offset), 0)
  place.writeUInt32BE(length, 8)
  return sha256(LEAF, place, hash)
}

/** All nodes over a list of leaves (at least one), for whoever proves parts of it. */
export class Tree {
  /** Level 0 holds the leaves; a node without a sibling stands unchanged on the next level. */
  readonly #levels: readonly Uint8Array[]

  constructor(leaves: Uint8Array) {
    if (leaves.length === 0 || leaves.length % BYTES !== 0) throw new TypeError('a tree has whole leaves')
    const levels = [leaves]
    for (let below = leaves; below.length > BYTES; ) {
      const count = below.length / BYTES
      const level = new Uint8Array(Math.ceil(count / 2) * BYTES)
      for (let i = 0; i + 1 < count; i += 2)
        level.set(nodeHash(at(below, i), at(below, i + 1)), (i / 2) * BYTES)
      if (count % 2 === 1) level.set(at(below, count - 1), level.length - BYTES)
      levels.push(level)
      below = level
    }
    this.#levels = levels
  }

  get count(): number {
    return this.#levels[0]!.length / BYTES
  }

  get root(): Uint8Array {
    return this.#levels.at(-1)!
  }

  /** The nodes that lead from leaves `first` to `first + count - 1` to the root, from left to right. */
  rangeProof(first: number, count: number): Uint8Array {
    demandRange(this.count, first, count)
    const nodes: Uint8Array[] = []
    const walk = (from: number, to: number) => {
      if (from >= first && to <= first + count) return
      if (to <= first || from >= first + count) {
        const level = levelOf(to - from)
        nodes.push(at(this.#levels[level]!, from >> level))
        return
      }
      const middle = from + splitOf(to - from)
      walk(from, middle)
      walk(middle, to)
    }
    walk(0, this.count)
    return Buffer.concat(nodes)
  }
}

/**
 * Whether `leaves` are leaves `first` and following of the tree of `total` leaves whose root is `root`. False for
 * anything that is not exactly that, a proof too long or too short included.
 */
export function verifyRange(
  root: Uint8Array,
  total: number,
  first: number,
  leaves: Uint8Array,
  proof: Uint8Array,
): boolean {
  const count = leaves.length / BYTES
  if (!Number.isInteger(count) || count < 1 || first < 0 || first + count > total) return false
  if (proof.length % BYTES !== 0) return false
  let used = 0
  const walk = (from: number, to: number): Uint8Array | undefined => {
    if (to <= first || from >= first + count)
      return used * BYTES < proof.length ? at(proof, used++) : undefined
    if (to - from === 1) return at(leaves, from - first)
    const middle = from + splitOf(to - from)
    const left = walk(from, middle)
    const right = left && walk(middle, to)
    return right && nodeHash(left, right)
  }
  const reached = walk(0, total)
  return reached !== undefined && used * BYTES === proof.length && Buffer.compare(reached, root) === 0
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(NODE, left, right)
}

function at(hashes: Uint8Array, index: number): Uint8Array {
  return hashes.subarray(index * BYTES, (index + 1) * BYTES)
}

/** The largest power of two below `count`, which is 2 or more and below 2 ** 31. */
function splitOf(count: number): number {
  return 1 << (31 - Math.clz32(count - 1))
}

/** How many levels up a list of `count` leaves is one node. */
function levelOf(count: number): number {
  return count === 1 ? 0 : 32 - Math.clz32(count - 1)
}

function demandRange(total: number, first: number, count: number): void {
  if (!Number.isInteger(first) || !Number.isInteger(count) || first < 0 || count < 1 || first + count > total)
    throw new TypeError(`a tree of ${total} leaves has no range ${first}+${count}`)
}
