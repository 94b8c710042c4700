/**
 * Canonical bytes: the one way to write a thing, so that its hash can be its id. A decoder reads protobuf, types
 * and checks every field, and then encodes what it read again; bytes that differ from that are refused. This
 * settles at one stroke unknown fields, fields out of order or written twice, and integers padded with zeros.
 *
 * Rejected: canonical JSON for everything (a chunk hash takes twice the bytes), and hashing whatever bytes came
 * (two manifests of the same content would be two bases).
 */
import { createHash } from 'node:crypto'
import { OppuError } from './errors.ts'
import { type AnyId, idFromBytes } from './ids.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** 64-bit integers come out of protobufjs as an object with `toNumber`. */
export type WireInteger = number | { toNumber(): number }

/** @throws OppuError INVALID_DATA, always. */
export function invalid(what: string, cause?: unknown): never {
  throw new OppuError('INVALID_DATA', what, cause === undefined ? undefined : { cause })
}

/** Runs a generated decoder; anything it throws becomes INVALID_DATA, and more than `limit` bytes TOO_LARGE. */
export function decodeMessage<T>(
  type: { decode(bytes: Uint8Array): T },
  bytes: Uint8Array,
  limit: number,
  what: string,
): T {
  if (bytes.length > limit)
    throw new OppuError('TOO_LARGE', `${what} of ${bytes.length} bytes; at most ${limit} are allowed`)
  try {
    return type.decode(bytes)
  } catch (cause) {
    return invalid(`${what} cannot be decoded`, cause)
  }
}

/** @throws OppuError INVALID_DATA when encoding the decoded value again does not give the same bytes. */
export function demandCanonical(bytes: Uint8Array, again: Uint8Array, what: string): void {
  if (Buffer.compare(bytes, again) !== 0) invalid(`${what} is not in canonical form`)
}

export function demandInteger(value: WireInteger, low: number, high: number, what: string): number {
  const number = typeof value === 'number' ? value : value.toNumber()
  if (!Number.isSafeInteger(number) || number < low || number > high)
    invalid(`${what} must be a whole number from ${low} to ${high}, not ${number}`)
  return number
}

/** Milliseconds since 1970 that a Date can hold: they will be shown as dates. */
export function demandTime(value: WireInteger, what: string): number {
  return demandInteger(value, 0, 8_640_000_000_000_000, what)
}

/** One line of printable text, well-formed, trimmed, `1..limit` characters: it will be shown on terminals. */
export function demandText(text: string, limit: number, what: string): string {
  if (typeof text !== 'string' || text.length === 0 || text.length > limit)
    invalid(`${what} must have 1 to ${limit} characters`)
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text) || text.trim() !== text)
    invalid(`${what} has characters that cannot be shown`)
  return text
}

export function demandVersion(version: number, known: number, what: string): void {
  if (version !== known)
    throw new OppuError(
      'PROTOCOL_VIOLATION',
      `${what} has version ${version}; this program knows version ${known}`,
    )
}

export function demandId<Id extends AnyId>(bytes: Uint8Array, what: string): Id {
  if (bytes.length !== 32) invalid(`${what} must be 32 bytes, not ${bytes.length}`)
  return idFromBytes<Id>(bytes)
}

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

/** JSON with sorted keys and no spaces. Refuses what JSON cannot say (NaN, undefined, functions) and nesting past 16. */
export function canonicalJson(value: Json, depth = 16): string {
  if (depth === 0) invalid('a configuration is nested too deeply')
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) invalid(`a configuration cannot hold ${value}`)
    return JSON.stringify(value)
  }
  if (typeof value === 'string')
    return value.isWellFormed() ? JSON.stringify(value) : invalid('a configuration holds broken text')
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonicalJson(item, depth - 1)).join(',')}]`
  if (typeof value === 'object') {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, item]) => `${canonicalJson(key)}:${canonicalJson(item, depth - 1)}`).join(',')}}`
  }
  return invalid(`a configuration cannot hold a ${typeof value}`)
}

export function parseJson(text: string, what: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (cause) {
    return invalid(`${what} is not JSON`, cause)
  }
}
