/**
 * Branded ids. Each is lower-case hexadecimal of 32 bytes, so that it can be a file name, a key and a word on
 * a command line; the brand keeps one kind from being passed for another.
 */
import { OppuError } from './errors.ts'

type Brand<Name extends string> = string & { readonly __brand: Name }

/** SHA-256 of a base's canonical manifest. */
export type BaseId = Brand<'BaseId'>
/** SHA-256 of one chunk of a base's file. */
export type ChunkHash = Brand<'ChunkHash'>
/** Root of the tree over one file's chunks. */
export type TreeRoot = Brand<'TreeRoot'>
/** SHA-256 of an adapter's canonical manifest and its files. */
export type AdapterId = Brand<'AdapterId'>
/** SHA-256 of an evaluation task's canonical bytes. */
export type TaskId = Brand<'TaskId'>
/** A user's (or coordinator's) Ed25519 public key. */
export type UserId = Brand<'UserId'>
/** A node's Ed25519 public key on the network: what its peer id is made of, and a list of members holds. */
export type MemberKey = Brand<'MemberKey'>
/** What an invitation is known by: 32 random bytes. */
export type InvitationId = Brand<'InvitationId'>

export type AnyId = BaseId | ChunkHash | TreeRoot | AdapterId | TaskId | UserId | MemberKey | InvitationId

const HEX_32_BYTES = /^[0-9a-f]{64}$/

/** Types a string from outside as an id. @throws OppuError INVALID_ARGUMENT when it is not 64 hex digits. */
export function parseId<Id extends AnyId>(text: string, what: string): Id {
  if (!HEX_32_BYTES.test(text))
    throw new OppuError('INVALID_ARGUMENT', `not a ${what}: ${JSON.stringify(text.slice(0, 80))}`)
  return text as Id
}

/** Types 32 bytes (a digest or a public key) as an id. */
export function idFromBytes<Id extends AnyId>(bytes: Uint8Array): Id {
  if (bytes.length !== 32) throw new TypeError(`an id is 32 bytes, not ${bytes.length}`)
  return Buffer.from(bytes).toString('hex') as Id
}

export function idToBytes(id: AnyId): Uint8Array {
  return Uint8Array.from(Buffer.from(id, 'hex'))
}

/** The first 12 digits: enough for a person to tell ids apart. */
export function shortId(id: AnyId): string {
  return id.slice(0, 12)
}
