/**
 * Good bytes, bent: what the fuzz tests feed. Every edit is four numbers, so fast-check can take a failure back to the
 * fewest edits. Beside what any file suffers (bits, gaps, cuts, repetitions, pieces of another), there are edits that
 * aim at protobuf: varints at their limits, lengths past the end, groups in groups.
 */
import fc from 'fast-check'

type Edit = (bytes: Buffer, at: number, length: number, value: number, other: Buffer) => Buffer

/** Longer than any limit on a small message, short enough that a run stays fast. */
const MOST_BYTES = 16 << 10

/** 2 ** 28, 2 ** 32 - 1, 2 ** 53, 2 ** 64 - 1, one that never ends, -1, and 0 the long way. */
const VARINTS = [
  '8080808001',
  'ffffffff0f',
  '8080808080808010',
  'ffffffffffffffffff01',
  'ff'.repeat(11),
  '8000',
].map(hex => Buffer.from(hex, 'hex'))

const replace = (bytes: Buffer, at: number, length: number, by: Uint8Array) =>
  Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + length)])

const some = (value: number, length: number) =>
  Buffer.from(Array.from({ length }, (_, i) => Math.imul(value ^ (i * 0x9e3779b1), 0x85ebca6b) >>> 24))

const EDITS: readonly Edit[] = [
  (bytes, at, length, value) => replace(bytes, at, length, some(value, length)),
  (bytes, at, _, value) => replace(bytes, at, 1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << (value & 7)))),
  (bytes, at, length) => replace(bytes, at, length, Buffer.alloc(0)),
  (bytes, at, length, value) => replace(bytes, at, 0, some(value, length)),
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at, length) => replace(bytes, at, 0, bytes.subarray(at, at + 2 * length)),
  (bytes, at, length, value, other) => {
    const from = (value >>> 0) % (other.length + 1)
    return replace(bytes, at, length, other.subarray(from, from + 2 * length))
  },
  (bytes, at, _, value) => replace(bytes, at, 1, VARINTS[(value >>> 0) % VARINTS.length]!),
  (bytes, at, length, value) => {
    const piece = bytes.subarray(at, at + 1 + length)
    return replace(bytes, at, 0, Buffer.concat(Array.from({ length: (value & 63) + 1 }, () => piece)))
  },
  (bytes, at, length, value) => replace(bytes, at, 0, Buffer.alloc(8 * length, ((value & 15) << 3) | 3)), // groups
  (bytes, at, _, value) => replace(bytes, at, 1, Uint8Array.of(value & 0x7f)), // another length or field
]

/** One of `corpus` with one to four edits. */
export function bent(corpus: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const edit = fc.tuple(fc.nat(EDITS.length - 1), fc.nat(0xffff), fc.nat(15), fc.integer())
  const which = fc.nat(corpus.length - 1)
  return fc.tuple(which, which, fc.array(edit, { minLength: 1, maxLength: 4 })).map(([of, with_, edits]) => {
    let bytes = Buffer.from(corpus[of]!)
    for (const [kind, place, length, value] of edits) {
      const at = place % (bytes.length + 1)
      bytes = Buffer.from(EDITS[kind]!(bytes, at, length, value, Buffer.from(corpus[with_]!)))
      if (bytes.length > MOST_BYTES) bytes = bytes.subarray(0, MOST_BYTES)
    }
    return new Uint8Array(bytes)
  })
}
