/**
 * How a coordinator changes the key that it signs with: a chain of changes, each naming the next key and signed with the
 * one before. Who pinned any key of the chain follows it to the last, and trusts that one only.
 *
 * What an earlier key signed counts no more for those who know of the change: at a change the coordinator signs all that
 * it publishes anew. So a key that is stolen afterwards, or was about to be, is worth nothing against them. Rejected:
 * letting old signatures stand with their dates (whoever has the old key can write any date).
 */
import {
  decodeMessage,
  demandCanonical,
  demandId,
  demandInteger,
  demandTime,
  demandVersion,
  invalid,
} from './canonical.ts'
import { OppuError } from './errors.ts'
import { idToBytes, type UserId } from './ids.ts'
import { KEY_LIMITS as LIMITS } from './limits.ts'
import { type Signed, verifyBytes } from './manifest.ts'
import { oppu } from './messages.pb.js'

export interface KeyChange {
  readonly version: 1
  readonly next: UserId
  /** 1 for the first change of a coordinator, and so on. */
  readonly serial: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

/** Canonical bytes. @throws OppuError INVALID_DATA naming the rule that is broken. */
export function encodeKeyChange({ version, next, serial, createdAt }: KeyChange): Uint8Array {
  demandVersion(version, 1, 'a change of keys')
  return oppu.KeyChange.encode({
    version: 1,
    next: idToBytes(next),
    serial: demandInteger(serial, 1, LIMITS.changes, 'the number of a change of keys'),
    createdAt: demandTime(createdAt, "a change of keys' date"),
  }).finish()
}

/** @throws OppuError INVALID_DATA, TOO_LARGE; PROTOCOL_VIOLATION for an unknown version. */
export function decodeKeyChange(bytes: Uint8Array): KeyChange {
  const message = decodeMessage(oppu.KeyChange, bytes, LIMITS.bytes, 'a change of keys')
  demandVersion(message.version, 1, 'a change of keys')
  const change: KeyChange = {
    version: 1,
    next: demandId<UserId>(message.next, 'the next key'),
    serial: demandInteger(message.serial, 1, LIMITS.changes, 'the number of a change of keys'),
    createdAt: demandTime(message.createdAt, "a change of keys' date"),
  }
  demandCanonical(bytes, encodeKeyChange(change), 'a change of keys')
  return change
}

/**
 * All keys of a coordinator, oldest first, that a whole chain of changes leads through; the last one counts. `first` is
 * the key before any change, and what there is when there were none.
 * @throws OppuError BAD_SIGNATURE where a change is not signed with the key before it; INVALID_DATA, TOO_LARGE.
 */
export function followKeys(first: UserId, changes: readonly Signed[]): readonly [UserId, ...UserId[]] {
  if (changes.length > LIMITS.changes)
    throw new OppuError(
      'TOO_LARGE',
      `${changes.length} changes of keys; at most ${LIMITS.changes} are allowed`,
    )
  const keys: [UserId, ...UserId[]] = [first]
  for (const [index, signed] of changes.entries()) {
    const change = decodeKeyChange(verifyBytes('key-change', signed, keys.at(-1)))
    if (change.serial !== index + 1) invalid('changes of keys are not in the order in which they were made')
    if (keys.includes(change.next)) invalid('a change of keys leads back to an earlier key')
    keys.push(change.next)
  }
  return keys
}

/**
 * The keys that count one after the other for whoever trusts `pinned`, that one first, and the changes between them. What
 * the chain says of keys before `pinned` is passed over: anyone can sign that another key came after his own.
 * @throws OppuError BAD_SIGNATURE when `pinned` is none of its keys, and as `followKeys`.
 */
export function keysFrom(
  pinned: UserId,
  changes: readonly Signed[],
): { readonly keys: readonly [UserId, ...UserId[]]; readonly changes: readonly Signed[] } {
  const [first] = changes
  if (first === undefined) return { keys: [pinned], changes }
  const keys = followKeys(first.signer, changes)
  const at = keys.indexOf(pinned)
  if (at < 0) throw new OppuError('BAD_SIGNATURE', `the coordinator's keys do not go back to ${pinned}`)
  return { keys: [pinned, ...keys.slice(at + 1)], changes: changes.slice(at) }
}

/**
 * How many changes behind `pinned` a chain that was told has more than the one that is known; less than none where it has
 * fewer. @throws OppuError BAD_SIGNATURE where one does not go on from the other, and as `keysFrom`.
 */
export function changesMore(pinned: UserId, known: readonly Signed[], told: readonly Signed[]): number {
  const [before, after] = [keysFrom(pinned, known).changes, keysFrom(pinned, told).changes]
  for (let index = 0; index < Math.min(before.length, after.length); index++)
    if (Buffer.compare(before[index]!.bytes, after[index]!.bytes) !== 0)
      throw new OppuError('BAD_SIGNATURE', "the coordinator's keys have another history than is known here")
  return after.length - before.length
}

/** The key that counts for whoever trusts `pinned`: the last of the chain. @throws as `keysFrom`. */
export function currentKey(pinned: UserId, changes: readonly Signed[]): UserId {
  return keysFrom(pinned, changes).keys.at(-1)!
}
